// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// page is a page whose commands are run.
type page struct {
	name string
	moto bool // the aws command speaks to moto, which knows more of AWS than our simulator
	// begin are the commands that make what the page takes for granted.
	begin string
	// drift: there is some, so that `kubectl fargatesec drift` ends with 2.
	drift bool
	// before are commands that come before the block with a line that begins so, and after is done after it.
	before map[string]string
	after  map[string]func(*world, *testing.T)
}

// observed has the profile in mode Observe.
const observed = `kubectl patch fsp payments -n platform --type=merge -p '{"spec":{"mode":"Observe"}}'
kubectl wait fsp/payments -n platform --timeout=5m --for=jsonpath='{.spec.mode}'=Observe`

// tampered: the profile has drifted, and status says so.
const tampered = observed + `
aws iam detach-role-policy --role-name payments-fargate --policy-arn arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy
kubectl annotate fsp payments -n platform --overwrite fargatesecurity.io/reconcile-requested-at=docs
kubectl wait fsp/payments -n platform --timeout=5m --for=condition=Drifted
kubectl config set-context --current --namespace=platform`

// pages are run in this order: the first one installs, the last one uninstalls.
var pages = []page{
	{name: "README.md", after: map[string]func(*world, *testing.T){"kubectl apply -k config/crd": (*world).startOperator}},
	{name: "docs/fargatesecurityprofile.md"},
	{name: "docs/gitops.md"},
	{name: "docs/cli.md", begin: tampered, drift: true},
	{name: "docs/troubleshooting.md", begin: observed},
	{
		name: "docs/iam.md", moto: true,
		begin: `aws eks create-cluster --name prod --role-arn arn:aws:iam::111122223333:role/cluster --resources-vpc-config subnetIds=subnet-0a`,
		before: map[string]string{"OIDC=": `aws iam detach-role-policy --role-name fargate-security-operator --policy-arn "arn:aws:iam::$ACCOUNT:policy/$POLICY"
aws iam delete-role --role-name fargate-security-operator # Pod Identity and IRSA are two ways to do the same`},
	},
	{name: "docs/events.md", moto: true},
	{name: "docs/uninstall.md", before: map[string]string{"kubectl create -f": "kubectl apply -k config/crd; kubectl apply -k config/default; kubectl wait --for=condition=Established crd --all --timeout=5m"}},
}

var (
	watches = regexp.MustCompile(`^kubectl .* (-w|--watch)( |$)`)
	drifts  = regexp.MustCompile(`^kubectl fargatesec drift `)
)

// asked is the line as it is run: what watches is ended when it has printed something, and what tells of drift by its exit code has to.
func (p page) asked(text string) string {
	switch {
	case watches.MatchString(text):
		return "watched " + text
	case p.drift && drifts.MatchString(text):
		return "drifted " + text
	}
	return text
}

// TestCommands runs the commands of all pages.
func TestCommands(t *testing.T) {
	found, err := readPages(root)
	must(t, err)
	w := newWorld(t)
	for _, p := range pages {
		if !t.Run(p.name, func(t *testing.T) { w.run(t, p, found[p.name]) }) {
			t.FailNow() // the pages after it count on what this one makes
		}
	}
}

func (w *world) run(t *testing.T, p page, list []block) {
	must(t, os.RemoveAll(w.variables))
	if p.begin != "" {
		w.prepare(t, p, p.begin)
	}
	ran := 0
	for _, b := range list {
		lines := runnable(b, exceptions, func(exception) {})
		if lines == nil {
			continue
		}
		for text, commands := range p.before {
			if begins(lines, text) {
				w.prepare(t, p, commands)
			}
		}
		if err := w.paste(p, b, lines); err != nil {
			t.Fatal(err)
		}
		ran++
		for text, do := range p.after {
			if begins(lines, text) {
				do(w, t)
			}
		}
	}
	t.Logf("%d of %d blocks", ran, len(list))
}

func begins(lines []line, text string) bool {
	for _, l := range lines {
		if strings.HasPrefix(l.text, text) {
			return true
		}
	}
	return false
}
