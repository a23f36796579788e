// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"regexp"
	"strings"
)

// identity is who an access key belongs to.
type identity struct {
	Account string
	ARN     string
	// Transitive are the tags that a session passes on to those that it begins.
	Transitive map[string]string
}

var (
	credentialPattern = regexp.MustCompile(`Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request`)
	accountPattern    = regexp.MustCompile(`^\d{12}$`)
	generatedKey      = regexp.MustCompile(`^A[KS]I[A-Z0-9]{2,}$`)
)

// AddKey says whose access key id is, by the ARN of its user or role.
func (s *Sim) AddKey(accessKeyID, callerARN string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identities[accessKeyID] = identity{Account: accountOfARN(callerARN), ARN: callerARN}
}

// identify reads service, Region, account and caller from the call's SigV4
// credential scope. Signatures are not checked.
func (s *Sim) identify(c *call) {
	match := credentialPattern.FindStringSubmatch(c.HTTP.Header.Get("Authorization"))
	if match == nil {
		c.Account, c.Region, c.Caller = s.opts.Account, s.opts.Region, "anonymous"
		return
	}
	c.Region, c.Service = match[2], match[3]
	c.accessKey = match[1]
	who := s.whose(match[1])
	c.Account, c.Caller = who.Account, who.ARN
}

// whose returns the owner of an access key id: one that is known, or of the
// account whose id the key is, or a user of the default account that is named
// like the key ("ALICE" is user/alice, a key such as AKIA... is user/operator).
func (s *Sim) whose(key string) identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	if who, ok := s.identities[key]; ok {
		return who
	}
	account, user := s.opts.Account, strings.ToLower(key)
	if accountPattern.MatchString(key) {
		account, user = key, "operator"
	}
	if generatedKey.MatchString(key) {
		user = "operator"
	}
	return identity{Account: account, ARN: "arn:aws:iam::" + account + ":user/" + user}
}

// accountOfARN is the account in an ARN, or "".
func accountOfARN(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// DisableRegion makes a Region one that an account has not enabled: its keys are
// unknown there, and nobody gets a session of its roles.
func (s *Sim) DisableRegion(account, region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed[account+"/"+region] = true
}

// EnableRegion takes back a DisableRegion.
func (s *Sim) EnableRegion(account, region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.closed, account+"/"+region)
}

// unknownKey refuses the keys of an account in a Region that it has not enabled,
// each service in its words: common errors of the API references, for EC2 its
// list of error codes and re:Post "iam-validate-access-credentials". IAM has no
// Regions.
func (s *Sim) unknownKey(c *call) error {
	if c.accessKey == "" || c.Service == "iam" || !s.closed[c.Account+"/"+c.Region] {
		return nil
	}
	switch c.Service {
	case "ec2":
		return errf(http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials")
	case "sts":
		return errf(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid")
	default:
		return errf(http.StatusForbidden, "UnrecognizedClientException", "The security token included in the request is invalid.")
	}
}

// EncodedMessage stands for the details that EC2 puts into its refusals in a
// form that only sts:DecodeAuthorizationMessage reads: API reference of STS.
// They may tell what the caller must not know, so nobody may pass them on.
const EncodedMessage = "vVkmW5tQpN3eD8cXoYb1RzLs7HaUjGf0ItEqKhPdCnMwBx4Ay6iOgTlJrZu2S9Fa"

// accessDenied is a service's own way to refuse, in AWS's words: IAM user
// guide "Troubleshoot access denied error messages"; the codes are those of
// each service's common errors.
func accessDenied(c *call, action string) *apiError {
	return accessDeniedTo(c, action, deniedResource(c))
}

func accessDeniedTo(c *call, action, resource string) *apiError {
	return accessDeniedBecause(c, action, resource, "because no identity-based policy allows the "+action+" action")
}

// accessDeniedBecause has the words with which AWS ends: which policy refuses.
func accessDeniedBecause(c *call, action, resource, because string) *apiError {
	message := "User: " + c.Caller + " is not authorized to perform: " + action + " on resource: " + resource + " " + because
	switch c.Service {
	case "iam", "sts":
		return &apiError{"AccessDenied", message, http.StatusForbidden}
	case "ec2":
		message = "You are not authorized to perform this operation. " + message + ". Encoded authorization failure message: " + EncodedMessage
		return &apiError{"UnauthorizedOperation", message, http.StatusForbidden}
	case "eks", "sqs":
		return &apiError{"AccessDeniedException", message, http.StatusForbidden}
	default:
		return &apiError{"AccessDeniedException", message, http.StatusBadRequest}
	}
}

// deniedResource names what a refused call was about, as far as its
// parameters say, else "*".
func deniedResource(c *call) string {
	switch {
	case c.Service == "eks" && c.Vars["clusterName"] != "":
		return eksARN(c.Region, c.Account, "cluster", c.Vars["clusterName"])
	case c.Service == "iam" && c.Params.Get("RoleName") != "":
		return "arn:aws:iam::" + c.Account + ":role/" + c.Params.Get("RoleName")
	case c.Service == "sts" && c.Params.Get("RoleArn") != "":
		return c.Params.Get("RoleArn")
	case c.Service == "ec2" && c.Params.Get("GroupId") != "":
		return "arn:aws:ec2:" + c.Region + ":" + c.Account + ":security-group/" + c.Params.Get("GroupId")
	case c.Service == "logs":
		if name := jsonField(c.Body, "logGroupName"); name != "" {
			return logGroupARN(c.Region, c.Account, name) + ":log-stream:"
		}
	case c.Service == "sqs":
		return requestedQueue(c)
	case c.Service == "kms":
		if id := jsonField(c.Body, "KeyId"); strings.HasPrefix(id, "arn:") {
			return id
		} else if id != "" {
			return kmsKeyARN(c.Region, c.Account, id)
		}
	}
	return "*"
}

// requestedQueue is the ARN of the queue that a call names.
func requestedQueue(c *call) string {
	if name := jsonField(c.Body, "QueueName"); name != "" {
		return queueARN(c.Region, c.Account, name)
	}
	if parts := strings.Split(jsonField(c.Body, "QueueUrl"), "/"); len(parts) > 2 {
		return queueARN(c.Region, parts[len(parts)-2], parts[len(parts)-1])
	}
	return "*"
}
