// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxBody is the largest request that is read; AWS's own limits are far below.
const maxBody = 4 << 20

// Handler returns the simulator as an HTTP handler: AWS's services at / and
// the simulator's own pages below /_awssim/.
func (s *Sim) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_awssim/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /_awssim/calls", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Calls()) })
	mux.HandleFunc("POST /_awssim/clock", s.serveClock)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux would clean paths such as /tags/arn:...%2F..., so AWS's calls go past it.
		if strings.HasPrefix(r.URL.Path, "/_awssim/") {
			mux.ServeHTTP(w, r)
			return
		}
		s.serveAWS(w, r)
	})
}

// serveClock moves the clock: POST /_awssim/clock?advance=1h.
func (s *Sim) serveClock(w http.ResponseWriter, r *http.Request) {
	clock, movable := s.opts.Clock.(Advancer)
	d, err := time.ParseDuration(r.URL.Query().Get("advance"))
	switch {
	case !movable:
		http.Error(w, "this simulator runs on a clock that cannot be moved", http.StatusConflict)
	case err != nil || d < 0:
		http.Error(w, "say how far to move the clock, such as ?advance=1h", http.StatusBadRequest)
	default:
		clock.Advance(d)
		writeJSON(w, http.StatusOK, map[string]any{"now": s.now()})
	}
}

// serveAWS answers one call of an AWS API.
func (s *Sim) serveAWS(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		http.Error(w, "cannot read the request: "+err.Error(), http.StatusBadRequest)
		return
	}
	c := &call{HTTP: r, Body: body}
	s.identify(c)
	s.route(c)
	p, ok := s.protocols[c.Service]
	if !ok {
		http.Error(w, "awssim does not serve the service "+c.Service, http.StatusNotFound)
		return
	}
	out, requestID, err := s.run(c)
	if errors.Is(err, errNoAnswer) {
		panic(http.ErrAbortHandler) // closes the connection; net/http says so
	}
	w.Header().Set("X-Amzn-Requestid", requestID)
	if err != nil {
		p.writeError(w, c, requestID, asAPIError(err))
		return
	}
	p.writeOutput(w, c, requestID, out)
}

// route finds the operation of a call, and its parameters.
func (s *Sim) route(c *call) {
	switch {
	case c.HTTP.Header.Get("X-Amz-Target") != "":
		c.Operation = partOf(c.HTTP.Header.Get("X-Amz-Target"), ".") // awsJson1.1, awsJson1.0
	case strings.HasPrefix(c.HTTP.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		c.Params, _ = url.ParseQuery(string(c.Body)) // awsQuery and ec2Query
		c.Operation = c.Params.Get("Action")
		if c.Service == "" {
			c.Service = serviceOfVersion[c.Params.Get("Version")]
		}
	default:
		c.Params = c.HTTP.URL.Query()
		if c.Service == "eks" {
			c.Operation, c.Vars = eksRoute(c.HTTP.Method, c.HTTP.URL.EscapedPath())
		}
	}
}

// serviceOfVersion names the service of an unsigned call, such as
// AssumeRoleWithWebIdentity, by its API version.
var serviceOfVersion = map[string]string{"2011-06-15": "sts", "2010-05-08": "iam", "2016-11-15": "ec2"}

// unknownOperation is the answer to an operation that the simulator lacks.
func unknownOperation(c *call) *apiError {
	what := c.Operation
	if what == "" {
		what = c.HTTP.Method + " " + c.HTTP.URL.Path
	}
	return errf(http.StatusBadRequest, "UnknownOperationException", "awssim does not serve %s of %s", what, c.Service)
}

// restJSON1 is the protocol of EKS, json11 that of KMS, Logs and Tagging, and
// json10 that of SQS: the same bodies and errors, another content type.
type jsonProtocol string

const (
	restJSON1 jsonProtocol = "application/json"
	json11    jsonProtocol = "application/x-amz-json-1.1"
	json10    jsonProtocol = "application/x-amz-json-1.0"
)

func (p jsonProtocol) writeOutput(w http.ResponseWriter, _ *call, _ string, out any) {
	w.Header().Set("Content-Type", string(p))
	if out == nil {
		out = struct{}{}
	}
	_ = json.NewEncoder(w).Encode(out)
}

// writeError serves the error's name in the header and the body, since AWS's
// services do either: Smithy's "AWS JSON 1.1" and "AWS REST JSON 1" pages.
func (p jsonProtocol) writeError(w http.ResponseWriter, _ *call, _ string, err *apiError) {
	w.Header().Set("Content-Type", string(p))
	w.Header().Set("X-Amzn-Errortype", err.Code)
	w.WriteHeader(err.Status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": err.Code, "message": err.Message})
}

// writeJSON answers one of the simulator's own pages.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// jsonOp is an operation of a JSON service (SerializationException is Smithy's
// word for a body that cannot be read) whose body (and for EKS: whose path
// labels and query) is decoded into In before fn runs.
func jsonOp[In any](write bool, fn func(s *Sim, c *call, in *In) (any, error)) operation {
	return operation{
		write: write,
		input: func() any { return new(In) },
		handle: func(s *Sim, c *call) (any, error) {
			in := new(In)
			if len(c.Body) > 0 {
				if err := json.Unmarshal(c.Body, in); err != nil {
					return nil, errf(http.StatusBadRequest, "SerializationException", "The request body is not what %s takes: %s", c.Operation, err)
				}
			}
			out, err := fn(s, c, in)
			if err != nil || out == nil {
				return nil, err
			}
			body, err := json.Marshal(out) // here, with s.mu held: out refers to the state
			return json.RawMessage(body), err
		},
	}
}
