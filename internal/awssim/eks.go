// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// registerEKS adds the EKS operations (restJson1).
func (s *Sim) registerEKS() {
	s.registerProtocol("eks", restJSON1)
	s.register("eks", map[string]operation{
		"CreateCluster":          jsonOp(true, createCluster),
		"DescribeCluster":        jsonOp(false, describeCluster),
		"ListClusters":           jsonOp(false, listClusters),
		"DeleteCluster":          jsonOp(true, deleteCluster),
		"UpdateClusterConfig":    jsonOp(true, updateClusterConfig),
		"DescribeUpdate":         jsonOp(false, describeUpdate),
		"ListUpdates":            jsonOp(false, listUpdates),
		"CreateFargateProfile":   jsonOp(true, createFargateProfile),
		"DescribeFargateProfile": jsonOp(false, describeFargateProfile),
		"ListFargateProfiles":    jsonOp(false, listFargateProfiles),
		"DeleteFargateProfile":   jsonOp(true, deleteFargateProfile),
		"CreateNodegroup":        jsonOp(true, createNodegroup),
		"DescribeNodegroup":      jsonOp(false, describeNodegroup),
		"ListNodegroups":         jsonOp(false, listNodegroups),
		"DeleteNodegroup":        jsonOp(true, deleteNodegroup),
		"TagResource":            jsonOp(true, eksTagResource),
		"UntagResource":          jsonOp(true, eksUntagResource),
		"ListTagsForResource":    jsonOp(false, eksListTags),
	})
}

// eksRoutes are the HTTP bindings of the operations: EKS API reference.
var eksRoutes = []struct{ operation, method, path string }{
	{"CreateCluster", "POST", "/clusters"},
	{"ListClusters", "GET", "/clusters"},
	{"DescribeCluster", "GET", "/clusters/{clusterName}"},
	{"DeleteCluster", "DELETE", "/clusters/{clusterName}"},
	{"UpdateClusterConfig", "POST", "/clusters/{clusterName}/update-config"},
	{"ListUpdates", "GET", "/clusters/{clusterName}/updates"},
	{"DescribeUpdate", "GET", "/clusters/{clusterName}/updates/{updateId}"},
	{"CreateFargateProfile", "POST", "/clusters/{clusterName}/fargate-profiles"},
	{"ListFargateProfiles", "GET", "/clusters/{clusterName}/fargate-profiles"},
	{"DescribeFargateProfile", "GET", "/clusters/{clusterName}/fargate-profiles/{fargateProfileName}"},
	{"DeleteFargateProfile", "DELETE", "/clusters/{clusterName}/fargate-profiles/{fargateProfileName}"},
	{"CreateNodegroup", "POST", "/clusters/{clusterName}/node-groups"},
	{"ListNodegroups", "GET", "/clusters/{clusterName}/node-groups"},
	{"DescribeNodegroup", "GET", "/clusters/{clusterName}/node-groups/{nodegroupName}"},
	{"DeleteNodegroup", "DELETE", "/clusters/{clusterName}/node-groups/{nodegroupName}"},
	{"TagResource", "POST", "/tags/{resourceArn}"},
	{"UntagResource", "DELETE", "/tags/{resourceArn}"},
	{"ListTagsForResource", "GET", "/tags/{resourceArn}"},
}

// eksRoute finds the operation of a method and an escaped path, and its labels.
func eksRoute(method, escapedPath string) (operation string, vars map[string]string) {
	got := strings.Split(escapedPath, "/")
	for _, route := range eksRoutes {
		if route.method != method {
			continue
		}
		if vars, ok := matchPath(strings.Split(route.path, "/"), got); ok {
			return route.operation, vars
		}
	}
	return "", nil
}

func matchPath(want, got []string) (map[string]string, bool) {
	if len(want) != len(got) {
		return nil, false
	}
	vars := map[string]string{}
	for i := range want {
		if !strings.HasPrefix(want[i], "{") {
			if want[i] != got[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(got[i])
		if err != nil || value == "" {
			return nil, false
		}
		vars[strings.Trim(want[i], "{}")] = value
	}
	return vars, true
}

// noInput is the input of an operation that has no body.
type noInput struct{}

// eksARN is the ARN of an EKS resource: cluster/x, fargateprofile/c/p/uuid.
func eksARN(region, account, kind, rest string) string {
	return arnIn("eks", region, account, kind+"/"+rest)
}

// eks returns the settled EKS state that a call is for.
func (s *Sim) eks(c *call) *eksState {
	st := s.regionOf(c).eks
	st.settle(s.now())
	return st
}

// eksCluster returns the cluster that a call names.
func (s *Sim) eksCluster(c *call) (*eksClusterState, error) {
	name := c.Vars["clusterName"]
	c.Resource = eksARN(c.Region, c.Account, "cluster", name)
	cluster := s.eks(c).clusters[name]
	if cluster == nil {
		return nil, eksNotFound("No cluster found for name: %s.", name)
	}
	return cluster, nil
}

func eksNotFound(format string, args ...any) *apiError {
	return errf(http.StatusNotFound, "ResourceNotFoundException", format, args...)
}

func eksInvalid(format string, args ...any) *apiError {
	return errf(http.StatusBadRequest, "InvalidParameterException", format, args...)
}

func eksInUse(format string, args ...any) *apiError {
	return errf(http.StatusConflict, "ResourceInUseException", format, args...)
}

// eksPage cuts a page of names by maxResults (1 to 100, 100 when absent) and
// nextToken: EKS API reference of each List operation.
func (s *Sim) eksPage(c *call, names []string) ([]string, string, error) {
	asked := 0
	if text := c.Params.Get("maxResults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return nil, "", eksInvalid("maxResults must be between 1 and 100, not %s", text)
		}
		asked = n
	}
	out, next, ok := page(names, self, c.Params.Get("nextToken"), s.pageSize(asked, 100))
	if !ok {
		return nil, "", eksInvalid("The nextToken is not valid")
	}
	return append([]string{}, out...), next, nil
}
