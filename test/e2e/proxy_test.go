// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// call is one call that the operator made.
type call struct {
	service, operation string
	write              bool
	status             int
	path               string
	// key and token are of the credentials that signed it.
	key, token string
}

func (c call) String() string { return c.service + ":" + c.operation }

// proxy stands between the operator and AWS: it knows, on every backend alike, what the operator asked for, and
// nothing else. What the tests do themselves does not pass through it.
type proxy struct {
	url      string
	upstream string
	server   *httptest.Server

	mu    sync.Mutex
	calls []call
	// requestIDs are those that AWS gave: none may show anywhere.
	requestIDs map[string]bool
	// refuse, if set, answers in AWS's place; answered, if set, is told of a call after AWS has carried it out and before
	// the operator gets the answer.
	refuse   func(call) (status int, body string)
	answered func(call)
	// meddle, if set, says what happens to a call in place of an answer; nil lets it pass.
	meddle func(call) http.HandlerFunc
	// adapt, if set, puts a request into words that the backend takes; what it does is a listed divergence.
	adapt func(call, []byte) []byte
}

func startProxy(t *testing.T, upstream string) *proxy {
	p := &proxy{upstream: upstream, requestIDs: map[string]bool{}}
	p.server = httptest.NewServer(p)
	t.Cleanup(func() { p.server.Close() })
	p.url = p.server.URL
	return p
}

// cut ends every connection; from then on new ones are refused.
func (p *proxy) cut() {
	p.server.CloseClientConnections()
	p.server.Close()
}

// mend takes connections again, at the same address.
func (p *proxy) mend(t *testing.T) {
	t.Helper()
	address := strings.TrimPrefix(p.url, "http://")
	until(t, "listening on "+address+" again", func() error {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		p.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: p}} //nolint:gosec // its only client is the operator
		p.server.Start()
		return nil
	})
}

// ServeHTTP passes a call on.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the operator is gone
	}
	c := identify(r, body)
	p.mu.Lock()
	refuse, answered, meddle := p.refuse, p.answered, p.meddle
	p.mu.Unlock()
	if p.adapt != nil {
		body = p.adapt(c, body)
	}
	if refuse != nil {
		if status, text := refuse(c); status != 0 {
			c.status = status
			p.note(c, http.Header{}, []byte(text))
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
			return
		}
	}
	if meddle != nil {
		if instead := meddle(c); instead != nil {
			p.note(c, http.Header{}, nil)
			instead(w, r)
			return
		}
	}
	response, answer, err := p.forward(r, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	c.status = response.StatusCode
	p.note(c, response.Header, answer)
	if answered != nil {
		answered(c)
	}
	for key, values := range response.Header {
		w.Header()[key] = values
	}
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(answer)
}

func (p *proxy) forward(r *http.Request, body []byte) (*http.Response, []byte, error) {
	// RequestURI as it came: the path of an EKS call holds escaped ARNs.
	out, err := http.NewRequest(r.Method, p.upstream+r.RequestURI, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	out.Header, out.Host = r.Header.Clone(), r.Host
	out.Header.Del("Content-Length") // the body's own length counts
	response, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	return response, answer, err
}

var requestIDInBody = regexp.MustCompile(`(?i)<requestid>([^<]+)</requestid>|"requestid":\s*"([^"]+)"|request id: ([0-9a-zA-Z-]+)`)

func (p *proxy) note(c call, header http.Header, answer []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, c)
	for _, name := range []string{"X-Amzn-Requestid", "X-Amz-Request-Id", "X-Amz-Requestid"} {
		if id := header.Get(name); id != "" {
			p.requestIDs[id] = true
		}
	}
	for _, match := range requestIDInBody.FindAllSubmatch(answer, -1) {
		p.requestIDs[string(bytes.Join(match[1:], nil))] = true
	}
}

// mark returns a position; since and writesSince tell what was called after it.
func (p *proxy) mark() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls)
}

func (p *proxy) since(mark int) []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls[mark:])
}

func (p *proxy) writesSince(mark int) []string {
	var list []string
	for _, c := range p.since(mark) {
		if c.write {
			list = append(list, c.String())
		}
	}
	return list
}

// onAnswer sets or, with nil, takes off what is told of answers.
func (p *proxy) onAnswer(f func(call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answered = f
}

func (p *proxy) onCall(f func(call) (int, string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = f
}

// instead sets or, with nil, takes off what happens to calls in place of an answer.
func (p *proxy) instead(f func(call) http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meddle = f
}

func (p *proxy) secrets() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for id := range p.requestIDs {
		list = append(list, id)
	}
	return list
}

var scope = regexp.MustCompile(`Credential=([^/]+)/\d{8}/[^/]+/([^/]+)/aws4_request`)

// identify reads service and operation from a request.
func identify(r *http.Request, body []byte) call {
	c := call{service: "unsigned", path: r.URL.Path, token: r.Header.Get("X-Amz-Security-Token")}
	if match := scope.FindStringSubmatch(r.Header.Get("Authorization")); match != nil {
		c.key, c.service = match[1], match[2]
	}
	switch target := r.Header.Get("X-Amz-Target"); {
	case target != "":
		c.operation = target[strings.LastIndex(target, ".")+1:]
	case c.service == "eks":
		c.operation = eksOperation(r.Method, r.URL.EscapedPath())
	default:
		form, _ := url.ParseQuery(string(body))
		c.operation = form.Get("Action")
	}
	c.write = true
	for _, prefix := range []string{"Describe", "Get", "List"} {
		if strings.HasPrefix(c.operation, prefix) {
			c.write = false
		}
	}
	return c
}

// eksOperation names an operation of the EKS API by its method and path.
func eksOperation(method, path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	key := fmt.Sprintf("%s %s", method, parts[0])
	if len(parts) > 2 {
		key += "/" + parts[2]
	}
	if len(parts)%2 == 0 {
		key += "/one"
	}
	if name, ok := map[string]string{
		"GET clusters/one":                     "DescribeCluster",
		"GET clusters/fargate-profiles":        "ListFargateProfiles",
		"POST clusters/fargate-profiles":       "CreateFargateProfile",
		"GET clusters/fargate-profiles/one":    "DescribeFargateProfile",
		"DELETE clusters/fargate-profiles/one": "DeleteFargateProfile",
		"GET clusters/node-groups":             "ListNodegroups",
		"GET clusters/node-groups/one":         "DescribeNodegroup",
		"POST tags/one":                        "TagResource",
		"DELETE tags/one":                      "UntagResource",
	}[key]; ok {
		return name
	}
	return "Unknown " + key
}
