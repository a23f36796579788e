// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"context"
	"os"
	"path/filepath"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// admission does with a profile what the API server does before it stores one, by the API server's own code: defaults,
// schema, CEL rules.
type admission struct {
	structural *structuralschema.Structural
	schema     validation.SchemaValidator
	cel        *cel.Validator
}

func newAdmission() *admission {
	text, err := os.ReadFile(filepath.Join("..", "..", "config", "crd", "bases", "fargatesecurity.io_fargatesecurityprofiles.yaml"))
	must(err)
	crd := &apiextensionsv1.CustomResourceDefinition{}
	must(yaml.Unmarshal(text, crd))
	props := &apiextensions.JSONSchemaProps{}
	must(apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[0].Schema.OpenAPIV3Schema, props, nil))
	a := &admission{}
	a.structural, err = structuralschema.NewStructural(props)
	must(err)
	a.schema, _, err = validation.NewSchemaValidator(props)
	must(err)
	a.cel = cel.NewValidator(a.structural, true, celconfig.PerCallLimit)
	return a
}

// admit puts the defaults into p, and says what the API server would have against it. old is nil for a creation.
func (a *admission) admit(p, old *profile) error {
	object, before := fields(p), any(nil)
	defaulting.Default(object, a.structural)
	if old != nil {
		before = any(fields(old))
	}
	errs := validation.ValidateCustomResource(nil, object, a.schema)
	if len(errs) == 0 {
		var rest field.ErrorList
		rest, _ = a.cel.Validate(context.Background(), nil, a.structural, object, before, celconfig.RuntimeCELCostBudget)
		errs = append(errs, rest...)
	}
	if err := errs.ToAggregate(); err != nil {
		return err
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructured(object, p)
}

func fields(p *profile) map[string]any {
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(p)
	must(err)
	object["apiVersion"], object["kind"] = "fargatesecurity.io/v1alpha1", "FargateSecurityProfile"
	return object
}
