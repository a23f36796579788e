// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// TestServicesAreComplete names each service that lacks something, and what.
func TestServicesAreComplete(t *testing.T) {
	sdk := sdkConfig(t)
	for _, s := range services {
		for _, lack := range lacks(s, sdk) {
			t.Errorf("the service %s lacks %s", s.id, lack)
		}
	}
}

// TestEveryClientHasItsService: a field of Clients that no service sets would be nil, and all that the classifier and the
// policy know of its calls would be missing.
func TestEveryClientHasItsService(t *testing.T) {
	for _, lack := range clientsWithout(services, sdkConfig(t)) {
		t.Error(lack)
	}
}

// clientsWithout names the fields of Clients that do not have exactly one service, and those that are nil.
func clientsWithout(services []*service, sdk aws.Config) []string {
	var c Clients
	for _, s := range services {
		if s.connect != nil {
			s.connect(sdk, &c)
		}
	}
	var lacking []string
	for field, value := range reflect.ValueOf(c).Fields() {
		sets := slices.DeleteFunc(slices.Clone(services), func(s *service) bool { return s.client != field.Type })
		if len(sets) != 1 {
			lacking = append(lacking, fmt.Sprintf("Clients.%s belongs to %d of services, want 1", field.Name, len(sets)))
		}
		if value.IsNil() {
			lacking = append(lacking, fmt.Sprintf("Clients.%s is nil", field.Name))
		}
	}
	return lacking
}

// lacks names what a service lacks.
func lacks(s *service, sdk aws.Config) []string {
	if s.client == nil || s.client.Kind() != reflect.Interface || s.client.NumMethod() == 0 {
		return []string{"an interface with operations"}
	}
	return slices.Concat(s.lacksClient(sdk), s.lacksCodes(), s.lacksPages(), s.lacksActions(), s.lacksDeletion())
}

// lacksClient: connect sets the service's field of Clients, and no other, to a client of the SDK that goes to the
// endpoint of the session.
func (s *service) lacksClient(sdk aws.Config) (lack []string) {
	if s.connect == nil {
		return []string{"connect"}
	}
	var c Clients
	s.connect(sdk, &c)
	for field, value := range reflect.ValueOf(c).Fields() {
		if mine := field.Type == s.client; mine == value.IsNil() {
			lack = append(lack, fmt.Sprintf("a connect that sets the client of its own interface: Clients.%s is set: %v", field.Name, !mine))
			continue
		} else if !mine {
			continue
		}
		client := value.Elem()
		options := client.MethodByName("Options").Call(nil)[0]
		if got, _ := options.FieldByName("BaseEndpoint").Interface().(*string); aws.ToString(got) != aws.ToString(sdk.BaseEndpoint) {
			lack = append(lack, fmt.Sprintf("the session's endpoint: its client goes to %q", aws.ToString(got)))
		}
		// Options names no service, but the package of its type does: the operations' inputs are of the same one.
		if input := s.client.Method(0).Type.In(1).Elem(); input.PkgPath() != options.Type().PkgPath() {
			lack = append(lack, fmt.Sprintf("a client of %s: connect makes one of %s", input.PkgPath(), options.Type().PkgPath()))
		}
	}
	if found := serviceOf(s.id); s.id == "" || found == nil || found.client != s.client {
		lack = append(lack, fmt.Sprintf("an id of its own: %q", s.id))
	}
	return lack
}

// lacksCodes: an object that does not exist, and one that exists already, are told from what is invalid.
func (s *service) lacksCodes() (lack []string) {
	var notFound []string
	for code, kind := range s.codes {
		if kindByCode[code] != kind {
			lack = append(lack, fmt.Sprintf("agreement: it means %s by the error code %s, which is classified as %s", kind, code, kindByCode[code]))
		}
		if kind == failure.NotFound {
			notFound = append(notFound, code)
		}
	}
	if (len(notFound) == 0) != (s.noNotFound != "") {
		lack = append(lack, fmt.Sprintf("an error code for what does not exist, or else a reason in noNotFound: codes %q, reason %q", notFound, s.noNotFound))
	}
	if s.creates() && len(s.exists) == 0 {
		lack = append(lack, "an error code for what exists already, in exists")
	}
	for _, code := range s.exists {
		if kind := s.codes[code]; kind != failure.Transient && kind != failure.Busy {
			lack = append(lack, fmt.Sprintf("a code in codes for what exists already that is Transient or Busy: %s is %q", code, kind))
		}
	}
	return lack
}

func (s *service) creates() bool {
	for operation := range s.client.Methods() {
		if strings.HasPrefix(operation.Name, "Create") {
			return true
		}
	}
	return false
}

// lacksPages: the error of a further page passes only where pages.go knows the field that its token is in. All such
// fields are texts with Token or Marker in their names, as is what makes a call idempotent.
func (s *service) lacksPages() (lack []string) {
	idempotency := []string{"ClientToken", "ClientRequestToken"}
	for operation := range s.client.Methods() {
		input := operation.Type.In(1).Elem()
		for field := range input.Fields() {
			token := strings.Contains(field.Name, "Token") || strings.Contains(field.Name, "Marker")
			if token && field.Type == reflect.TypeFor[*string]() && !slices.Contains(tokenFields, field.Name) && !slices.Contains(idempotency, field.Name) {
				lack = append(lack, fmt.Sprintf("its page token in tokenFields of pages.go: %s of %s", field.Name, input.Name()))
			}
		}
	}
	return lack
}

// lacksActions: every operation has an action with the service's prefix in the policy.
func (s *service) lacksActions() (lack []string) {
	for _, other := range services {
		if s.prefix == "" || other.id != s.id && other.prefix == s.prefix {
			return []string{fmt.Sprintf("a prefix of its own: %q", s.prefix)}
		}
	}
	var allowed []string
	for _, statement := range Statements() {
		allowed = append(allowed, statement.Action...)
	}
	for _, action := range s.actions() {
		if !strings.HasPrefix(action, s.prefix+":") || !slices.Contains(allowed, action) {
			lack = append(lack, "a statement of the policy with "+action)
		}
	}
	for operation := range s.renamed {
		if _, ok := s.client.MethodByName(operation); !ok {
			lack = append(lack, "the operation of renamed "+operation)
		}
	}
	for _, statement := range slices.Concat(s.policy.inObserve, s.policy.roles, s.policy.writes) {
		if i := slices.IndexFunc(Statements(), func(p Statement) bool { return p.Sid == statement.Sid }); i < 0 || len(Statements()[i].Action) == 0 {
			lack = append(lack, "an action for the statement "+statement.Sid)
		}
	}
	return lack
}

// lacksDeletion: what the operator creates it deletes, with the condition of DeleteOwned.
func (s *service) lacksDeletion() (lack []string) {
	if s.creates() && (len(s.policy.deletes) == 0 || len(s.policy.deletable) == 0) {
		lack = append(lack, "what it deletes, and on which resources, in policy.deletes and policy.deletable")
	}
	for _, action := range s.policy.deletes {
		if !slices.Contains(s.actions(), action) {
			lack = append(lack, "the operation of policy.deletes "+action)
		}
	}
	for _, arn := range s.policy.deletable {
		if !strings.HasPrefix(arn, "arn:*:"+s.prefix+":") {
			lack = append(lack, "ARNs of its own in policy.deletable: "+arn)
		}
	}
	return lack
}

// TestServicesAgreeOnCodes: a code is looked up without the service that answered it.
func TestServicesAgreeOnCodes(t *testing.T) {
	for _, s := range services {
		for code, kind := range s.codes {
			if common, ok := commonCodes[code]; ok && common != kind {
				t.Errorf("%s means %s by %s, which is %s for every service", s.id, kind, code, common)
			}
			for _, other := range services {
				if otherKind, ok := other.codes[code]; ok && otherKind != kind {
					t.Errorf("%s means %s by %s, and %s means %s", s.id, kind, code, other.id, otherKind)
				}
			}
		}
	}
}

// TestWhatAServiceLacksIsNamed takes each part away from a complete service, and from the list.
func TestWhatAServiceLacksIsNamed(t *testing.T) {
	sdk := sdkConfig(t)
	for want, spoil := range map[string]func(*service){
		"an interface with operations":         func(s *service) { s.client = nil },
		"sets the client of its own interface": func(s *service) { s.client = reflect.TypeFor[STS]() },
		"connect":                              func(s *service) { s.connect = nil },
		"Clients.Logs is set: false":           func(s *service) { s.connect = func(aws.Config, *Clients) {} },
		"Clients.KMS is set: true":             func(s *service) { s.connect = kmsService.connect },
		"the session's endpoint":               func(s *service) { s.connect = func(_ aws.Config, c *Clients) { logsService.connect(aws.Config{}, c) } },
		"an id of its own":                     func(s *service) { s.id = kmsService.id },
		"an error code for what does not exist": func(s *service) {
			s.codes = map[string]failure.Kind{"ResourceAlreadyExistsException": failure.Transient}
		},
		"a reason in noNotFound":                    func(s *service) { s.noNotFound = "it has no objects" },
		"an error code for what exists already":     func(s *service) { s.exists = nil },
		"Transient or Busy: Nothing is \"\"":        func(s *service) { s.exists = []string{"Nothing"} },
		"Transient or Busy: LimitExceededException": func(s *service) { s.exists = []string{"LimitExceededException"} },
		"agreement":                                       func(s *service) { s.codes = map[string]failure.Kind{"ResourceNotFoundException": failure.Busy} },
		"a prefix of its own: \"\"":                       func(s *service) { s.prefix = "" },
		"a prefix of its own: \"kms\"":                    func(s *service) { s.prefix = "kms" },
		"a statement of the policy with logs:TagResource": func(s *service) { s.policy.writes = nil },
		"the operation of renamed":                        func(s *service) { s.renamed = map[string]string{"PutThing": "PutThings"} },
		"an action for the statement Thing": func(s *service) {
			s.policy.writes = append(s.policy.writes, Statement{Sid: "Thing", Action: []string{"logs:PutThing"}})
		},
		"in policy.deletes":                  func(s *service) { s.policy.deletes = nil },
		"the operation of policy.deletes":    func(s *service) { s.policy.deletes = []string{"logs:DeleteThing"} },
		"and policy.deletable":               func(s *service) { s.policy.deletable = nil },
		"ARNs of its own in policy.deletabl": func(s *service) { s.policy.deletable = []string{"arn:*:s3:::*"} },
	} {
		spoilt := logsService
		spoil(&spoilt)
		var found []string
		instead(t, spoilt, func() { found = lacks(&spoilt, sdk) })
		if !strings.Contains(strings.Join(found, "\n"), want) {
			t.Errorf("%q is not among what is named: %q", want, found)
		}
	}
	if found := clientsWithout(services[1:], sdk); !slices.Equal(found, []string{"Clients.IAM belongs to 0 of services, want 1", "Clients.IAM is nil"}) {
		t.Errorf("without its first service the list lacks %q", found)
	}
	if found := clientsWithout(append(slices.Clone(services), services[0]), sdk); len(found) != 1 {
		t.Errorf("with its first service twice the list lacks %q", found)
	}
	tokens := tokenFields
	tokenFields = tokens[1:]
	defer func() { tokenFields = tokens }()
	if found := lacks(&ec2Service, sdk); !slices.Contains(found, "its page token in tokenFields of pages.go: NextToken of DescribeSubnetsInput") {
		t.Errorf("without NextToken EC2 lacks %q", found)
	}
}

// instead runs f with a service in place of that of CloudWatch Logs.
func instead(t *testing.T, s service, f func()) {
	t.Helper()
	before := services
	services = slices.Clone(before)
	defer func() { services = before }()
	at := slices.Index(services, &logsService)
	if at < 0 {
		t.Fatal("CloudWatch Logs is not among the services")
	}
	services[at] = &s
	f()
}

// sdkConfig is the SDK's configuration of a session that goes to a stand-in.
func sdkConfig(t *testing.T) aws.Config {
	t.Helper()
	t.Setenv("AWS_CA_BUNDLE", "")
	sdk, err := (&Sessions{}).load(t.Context(), Config{AccountID: "111122223333", Region: "eu-west-1", EndpointURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	return sdk
}
