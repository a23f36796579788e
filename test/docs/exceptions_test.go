// SPDX-License-Identifier: Apache-2.0

package docs_test

const (
	minutes  = "builds or tests the repository itself, which takes minutes; the check of the pages looks whether the targets and programs are there"
	noRegion = "moto knows no Regions that have to be enabled"
	byE2E    = "e2e.TestUninstalling runs it, in every order; the check of the pages looks whether it does"
)

// exceptions are the commands that cannot run here, or that another test runs. Whatever is not among them is run.
var exceptions = []exception{
	{page: "README.md", heading: "Quick start", text: "kubectl get fsp", whole: true, why: "a picture of what there is to see, before the installation"},
	{page: "README.md", text: "make demo", whole: true, why: minutes},
	{page: "README.md", text: "export REGISTRY=", whole: true, why: "needs a registry and a docker engine"},

	{page: "CONTRIBUTING.md", text: "make", why: minutes},
	{page: "CONTRIBUTING.md", heading: "Release", text: "git tag", why: "makes a tag; release.TestARelease and release.TestBadCalls run the script"},
	{page: "CONTRIBUTING.md", heading: "Release", text: "minisign", whole: true, why: "needs a release; release.TestARelease checks one so"},

	{page: "docs/cli.md", heading: "plan", whole: true, why: "the manifests are the reader's own; newkind.TestPlan runs the command"},
	{page: "docs/cli.md", heading: "import", whole: true, why: "the estate is the reader's own; importing.TestImportPrintsWithoutAKubeconfig runs the command"},
	{page: "docs/import.md", whole: true, why: "the estate is the reader's own; test/importing runs the commands' program on others, and applies what it prints"},

	{page: "docs/iam.md", text: "aws eks create-pod-identity-association", why: "moto has no EKS Pod Identity"},
	{page: "docs/iam.md", text: "aws account enable-region", why: noRegion},
	{page: "docs/iam.md", text: "aws account get-region-opt-status", why: noRegion},

	{page: "docs/performance.md", text: "make bench", whole: true, why: minutes},
	{page: "docs/reliability.md", text: "make mutants", whole: true, why: minutes},

	{page: "docs/troubleshooting.md", text: "kubectl logs", why: "the operator runs as a process here, since there is no node for its pod"},

	{page: "docs/uninstall.md", heading: "The operator went first", whole: true, why: byE2E},
	{page: "docs/uninstall.md", heading: "The operator's namespace went first", whole: true, why: byE2E},
	{page: "docs/uninstall.md", heading: "The CRDs went first", whole: true, why: byE2E},
}
