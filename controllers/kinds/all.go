// SPDX-License-Identifier: Apache-2.0

// Package kinds has a file for each kind of custom resource that declares AWS objects: the way from a field of its spec to the
// Resources that make the AWS calls. Nothing but the set-up and tests imports it.
package kinds

import (
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
)

// All are the kinds that declare AWS objects.
var All = []*declaration.Kind{FargateSecurityProfile}
