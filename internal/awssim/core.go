// SPDX-License-Identifier: Apache-2.0

// Package awssim is a stand-in for AWS. It is an in-process HTTP server that
// speaks the wire protocols aws-sdk-go-v2 uses and keeps the state that AWS
// would keep, with AWS's rules, delays and errors. Each rule names its source.
package awssim

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The account and the Region of a simulator that was given none.
const (
	DefaultAccount = "111122223333"
	DefaultRegion  = "eu-west-1"
)

// Options configure a simulator. Its zero value means account 111122223333,
// Region eu-west-1, the real clock, AWS's page sizes, and no delays.
type Options struct {
	Account  string
	Region   string
	Clock    Clock
	PageSize int // upper bound of every page; 0: AWS's own page sizes
	Delays   Delays
	Log      io.Writer // gets one JSON line for each call
}

// Delays say how long AWS takes over what it does in the background.
// A zero delay means that the next call sees the outcome.
type Delays struct {
	ProfileCreate   time.Duration
	ProfileDelete   time.Duration
	ClusterUpdate   time.Duration // also cluster and node group creation and deletion
	RolePropagation time.Duration // until EKS believes a role's trust policy
}

// Call is one request, as the simulator's log keeps it.
type Call struct {
	Seq       int       `json:"seq"`
	Time      time.Time `json:"time"`
	Service   string    `json:"service"`
	Operation string    `json:"operation"`
	Write     bool      `json:"write"`
	Paged     bool      `json:"paged,omitempty"` // asks for a further page of a list
	Account   string    `json:"account"`
	Region    string    `json:"region"`
	Caller    string    `json:"caller"`
	Code      string    `json:"code,omitempty"` // error code, empty for success
	Resource  string    `json:"resource,omitempty"`
	Fault     FaultKind `json:"fault,omitempty"` // what Inject had go wrong
}

// Action is the call's IAM action, such as iam:CreateRole.
func (c Call) Action() string { return actionName(c.Service, c.Operation) }

// Sim is one simulated AWS. It is safe for concurrent use.
type Sim struct {
	opts Options

	mu         sync.Mutex // guards all below
	accounts   map[string]*account
	services   map[string]map[string]operation
	protocols  map[string]protocol
	identities map[string]identity            // by access key id
	assumable  map[string]string              // role ARN to external id
	queues     map[string]*queue              // by the path of their URL
	secrets    []string                       // of all sessions
	ids        int                            // how many ids were made, so that each is new
	denied     map[string]string              // by action, with the words for it
	closed     map[string]bool                // Regions that an account has not enabled, as account/Region
	providers  map[string]map[string][]string // audiences by account and issuer
	peered     map[[2]string]bool             // VPCs with a peering connection
	enforced   map[string]identityPolicy      // by caller
	failures   []*failure
	calls      []Call
	seq        int
	// number tells the simulators of a process apart: AWS gives no two requests the same id.
	number int64
	hooks  []func(Call)
	inject func(Call) Fault
	window time.Duration // how long the past is kept, see KeepPast
	pasts  []past        // oldest first
	rates  rates
	sinks  []eventSink
	// timer is time.NewTimer; tests that must not depend on real time have one of their own.
	timer func(time.Duration) *time.Timer
}

// account is what one AWS account holds.
type account struct {
	ID      string
	iam     *iamState
	regions map[string]*region
}

// region is what one account holds in one Region.
type region struct {
	Name string
	eks  *eksState
	ec2  *ec2State
	kms  *kmsState
	logs *logsState
}

// call is one request on its way to its handler.
type call struct {
	Service, Operation string
	Account, Region    string
	Caller             string     // the caller's ARN
	accessKey          string     // its id, as the call was signed with
	Params             url.Values // of the query protocols; the URL's query for EKS
	Body               []byte
	HTTP               *http.Request
	Vars               map[string]string // path labels
	Resource           string            // set by the handler, for the log
	keyARN             string            // set by KMS's handlers, for the event
	wait               func()            // set by a handler that is to run again after it, without s.mu
	deadline           time.Time         // of all waits
}

// operation is one API operation. Its handler runs with s.mu held.
type operation struct {
	write  bool
	handle func(s *Sim, c *call) (any, error)
	input  func() any // JSON services: a new value of the input type
}

// apiError is an error of AWS's API.
type apiError struct {
	Code    string
	Message string
	Status  int
}

// Error returns code and message.
func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// errf returns an apiError with a formatted message.
func errf(status int, code, format string, args ...any) *apiError {
	return &apiError{Code: code, Message: fmt.Sprintf(format, args...), Status: status}
}

// protocol is how the answers of a service go on the wire: restJson1Protocol,
// json11Protocol, and for the query services the XML ones.
type protocol interface {
	writeOutput(w http.ResponseWriter, c *call, requestID string, out any)
	writeError(w http.ResponseWriter, c *call, requestID string, err *apiError)
}

// failure is an error that a test has asked for.
type failure struct {
	action string
	err    apiError
	times  int
	after  bool // the call has its effect, only the answer is lost
}

// simulators counts those of this process.
var simulators atomic.Int64

// New returns a simulator without any resources.
func New(opts Options) *Sim {
	opts.Account = cmp.Or(opts.Account, DefaultAccount)
	opts.Region = cmp.Or(opts.Region, DefaultRegion)
	if opts.Clock == nil {
		opts.Clock = RealClock{}
	}
	s := &Sim{
		opts:       opts,
		number:     simulators.Add(1),
		accounts:   map[string]*account{},
		services:   map[string]map[string]operation{},
		protocols:  map[string]protocol{},
		identities: map[string]identity{},
		assumable:  map[string]string{},
		queues:     map[string]*queue{},
		denied:     map[string]string{},
		closed:     map[string]bool{},
		providers:  map[string]map[string][]string{},
		enforced:   map[string]identityPolicy{},
		timer:      time.NewTimer,
	}
	s.registerEKS()
	s.registerKMS()
	s.registerLogs()
	s.registerTagging()
	s.registerSTS()
	s.registerIAM()
	s.registerEC2()
	s.registerSQS()
	return s
}

// register adds the operations of a service, named as in a SigV4 scope.
func (s *Sim) register(service string, ops map[string]operation) { s.services[service] = ops }

// registerProtocol says how a service answers; each registerX calls it once.
func (s *Sim) registerProtocol(service string, p protocol) { s.protocols[service] = p }

// account returns the account with that id and makes it if need be.
func (s *Sim) account(id string) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{ID: id, iam: newIAMState(id), regions: map[string]*region{}}
		s.accounts[id] = a
	}
	return a
}

// region returns what the account holds in a Region.
func (a *account) region(name string) *region {
	r := a.regions[name]
	if r == nil {
		r = &region{Name: name, eks: newEKSState(), ec2: newEC2State(), kms: newKMSState(), logs: newLogsState()}
		a.regions[name] = r
	}
	return r
}

// regionOf returns the Region that the call is for.
func (s *Sim) regionOf(c *call) *region { return s.account(c.Account).region(c.Region) }

// now is the simulator's time.
func (s *Sim) now() time.Time { return s.opts.Clock.Now().UTC() }

// pageSize is the size of a page: what the caller asked for (0: nothing), the
// service's own maximum, and Options.PageSize, whichever is smallest.
func (s *Sim) pageSize(asked, most int) int {
	n := most
	if asked > 0 && asked < n {
		n = asked
	}
	if s.opts.PageSize > 0 && s.opts.PageSize < n {
		n = s.opts.PageSize
	}
	return n
}

// Start serves the simulator on a free loopback port until stop is called.
func (s *Sim) Start() (url string, stop func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("awssim: " + err.Error()) // a machine without loopback runs no test
	}
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	return "http://" + l.Addr().String(), func() { _ = server.Close() }
}

// Calls returns the log of what was asked since the last ResetCalls.
func (s *Sim) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call{}, s.calls...)
}

// ResetCalls empties the log of calls.
func (s *Sim) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// Deny makes an action ("iam:CreateRole", "kms:*") fail with the access denied
// error of its service, until Allow is called with the same string.
func (s *Sim) Deny(action string) { s.DenyBecause(action, "") }

// DenyBecause is Deny in the words of another policy than the caller's own, such
// as "with an explicit deny in a service control policy": IAM user guide,
// "Troubleshoot access denied error messages".
func (s *Sim) DenyBecause(action, because string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[action] = because
}

// Allow takes back a Deny.
func (s *Sim) Allow(action string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.denied, action)
}

// Fail makes the next calls of an action fail before they have any effect.
func (s *Sim) Fail(action, code, message string, status, times int) {
	s.addFailure(&failure{action: action, err: apiError{code, message, status}, times: times})
}

// FailAfter makes the next calls of an action have their effect and then fail,
// as when AWS's answer is lost on its way.
func (s *Sim) FailAfter(action, code, message string, status, times int) {
	s.addFailure(&failure{action: action, err: apiError{code, message, status}, times: times, after: true})
}

func (s *Sim) addFailure(f *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, f)
}

// AfterWrite has hook called after each call of a writing operation, failed
// ones included (see Call.Code), outside of the simulator's lock.
func (s *Sim) AfterWrite(hook func(Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook)
}

// refused is what Deny and DenyBecause have the service answer to an action.
func (s *Sim) refused(c *call, action string) *apiError {
	if action == "sts:GetCallerIdentity" {
		return nil // needs no permission and cannot be denied: STS API_GetCallerIdentity
	}
	for pattern, because := range s.denied {
		if ok, err := path.Match(pattern, action); !ok || err != nil {
			continue
		}
		if because == "" {
			return accessDenied(c, action)
		}
		return accessDeniedBecause(c, action, deniedResource(c), because)
	}
	return nil
}

// takeFailure uses up one injected failure of the action, if there is one.
func (s *Sim) takeFailure(action string, after bool) *apiError {
	for _, f := range s.failures {
		if f.times > 0 && f.after == after && f.action == action {
			f.times--
			err := f.err
			return &err
		}
	}
	return nil
}

// run authorizes and runs a call, logs it, and returns its outcome.
func (s *Sim) run(c *call) (out any, requestID string, err error) {
	s.mu.Lock()
	op, known := s.services[c.Service][c.Operation]
	s.seq++
	entry := Call{
		Seq: s.seq, Time: s.now(), Service: c.Service, Operation: c.Operation, Write: op.write, Paged: c.paged(),
		Account: c.Account, Region: c.Region, Caller: c.Caller,
	}
	requestID = fmt.Sprintf("%08x-5157-4000-8000-%04x%08x", s.seq, s.number, s.seq)
	inject := s.inject
	s.mu.Unlock()

	var fault Fault
	if inject != nil {
		fault = inject(entry)
	}
	if !fault.concerns(c, op) {
		fault = Fault{}
	}
	err = fault.before(c)

	s.mu.Lock()
	if err == nil {
		out, err = s.runLocked(c, op, known, fault)
	}
	entry.Resource, entry.Fault = c.Resource, fault.Kind
	if err != nil {
		entry.Code = asAPIError(err).Code
	}
	entry.Write = op.write && entry.Code != "DryRunOperation"
	s.calls = append(s.calls, entry)
	if op.write && len(s.sinks) > 0 {
		s.emit(c, entry, requestID, out, err)
	}
	s.logLine(entry)
	hooks := append([]func(Call){}, s.hooks...)
	s.mu.Unlock()
	if entry.Write {
		for _, hook := range hooks {
			hook(entry)
		}
	}
	if fault.Kind == LoseAnswer {
		return nil, requestID, errNoAnswer
	}
	return out, requestID, err
}

func (s *Sim) runLocked(c *call, op operation, known bool, fault Fault) (any, error) {
	if !known {
		return nil, unknownOperation(c)
	}
	if err := s.throttle(c, op); err != nil {
		return nil, err
	}
	action := actionName(c.Service, c.Operation)
	if err := s.unknownKey(c); err != nil {
		return nil, err
	}
	if err := s.refused(c, action); err != nil {
		return nil, err
	}
	if err := s.authorize(c); err != nil {
		return nil, err
	}
	if err := s.takeFailure(action, false); err != nil {
		return nil, err
	}
	out, err := s.handle(c, op, fault)
	if err != nil {
		return nil, err
	}
	if err := s.takeFailure(action, true); err != nil {
		return nil, err
	}
	return out, nil
}

// handle runs a call on what is, or for a stale read on what was.
func (s *Sim) handle(c *call, op operation, fault Fault) (any, error) {
	if fault.Kind == Stale {
		was, err := s.asOf(fault.Age)
		if err != nil {
			return nil, err
		}
		return op.handle(was, c)
	}
	if op.write {
		defer s.remember() // after a failure too: some writes are done in part
	}
	out, err := op.handle(s, c)
	for c.wait != nil {
		wait := c.wait
		c.wait = nil
		s.mu.Unlock()
		wait()
		s.mu.Lock()
		out, err = op.handle(s, c)
	}
	return out, err
}

// logLine writes a call to Options.Log.
func (s *Sim) logLine(entry Call) {
	if s.opts.Log == nil {
		return
	}
	if line, err := json.Marshal(entry); err == nil {
		_, _ = s.opts.Log.Write(append(line, '\n'))
	}
}

// actionName is the IAM action of an operation.
func actionName(service, operation string) string {
	switch {
	case service == "tagging":
		service = "tag" // the one service here whose IAM prefix is not its signing name
	case service == "sqs":
		operation = strings.TrimSuffix(operation, "Batch") // SQS developer guide, "Amazon SQS API permissions: Actions and resource reference"
	}
	return service + ":" + operation
}

// asAPIError returns err as AWS's error, a plain one as an internal failure, a
// code of the page "Common Errors" of IAM and others.
func asAPIError(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	return errf(http.StatusInternalServerError, "InternalFailure", "%s", err.Error())
}

// partOf returns what follows the last separator.
func partOf(text, separator string) string {
	return text[strings.LastIndex(text, separator)+1:]
}
