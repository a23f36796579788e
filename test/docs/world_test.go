// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/test/processes"
)

const root = "../.."

// world is one control plane, the operator and the stand-ins, which all pages share, one after the other.
type world struct {
	home, repository  string
	bin, venv, assets string
	cluster           *processes.Cluster
	manager           *processes.Process
	sim, moto         string // URLs
	variables         string // file with the variables that the page's blocks have set
	started           []*processes.Process
	managers          int
}

func directory(variable, otherwise string) string {
	if dir := os.Getenv(variable); dir != "" {
		return dir
	}
	return otherwise
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	repository, err := filepath.Abs(root)
	must(t, err)
	w := &world{
		home: t.TempDir(), repository: repository,
		bin:    directory("FARGATE_SECURITY_BIN", filepath.Join(repository, "bin")),
		venv:   directory("VIRTUAL_ENV", filepath.Join(repository, "bin", "venv")),
		assets: directory("KUBEBUILDER_ASSETS", filepath.Join(repository, "bin", "controlplane")),
	}
	for _, program := range []string{"manager", "awssim", "localcluster", "kubectl-fargatesec"} {
		if _, err := os.Stat(filepath.Join(w.bin, program)); err != nil {
			t.Fatalf("%v: `make build` makes it, and `make gotest` runs these tests with all that they need", err)
		}
	}
	t.Cleanup(func() { w.stop(t) })
	// Commands are for the root of the repository, and what they write is not to stay there.
	for _, name := range []string{"config", "docs", "hack", "test"} {
		must(t, os.Symlink(filepath.Join(repository, name), filepath.Join(w.home, name)))
	}
	w.variables = filepath.Join(w.home, ".variables")
	w.sim = w.start(t, "awssim", filepath.Join(w.bin, "awssim"), `listening on (http://[0-9.:]+)`,
		"--listen=127.0.0.1:0", "--seed="+filepath.Join(repository, "hack", "demo-seed.yaml"), "--profile-create=1s", "--profile-delete=1s", "--role-propagation=1s")
	w.moto = w.start(t, "moto", filepath.Join(w.venv, "bin", "moto_server"), `Running on (http://[0-9.:]+)`, "-H", "127.0.0.1", "-p", "0")
	w.cluster, err = processes.StartEmpty(w.home, processes.Parts{Root: repository, Localcluster: filepath.Join(w.bin, "localcluster"), Controlplane: w.assets})
	if w.cluster != nil && w.cluster.Process != nil {
		w.started = append(w.started, w.cluster.Process)
	}
	must(t, err)
	return w
}

// start starts a program that says where it listens.
func (w *world) start(t *testing.T, name, program, listens string, args ...string) (url string) {
	t.Helper()
	env := append(processes.BareEnv(w.home), "MOTO_IAM_LOAD_MANAGED_POLICIES=true", "MOTO_ACCOUNT_ID=111122223333", "PYTHONUNBUFFERED=1")
	p, err := processes.Start(w.home, name, program, env, args...)
	must(t, err)
	w.started = append(w.started, p)
	must(t, processes.Wait(processes.Patience, "starting "+name, func() error {
		match := regexp.MustCompile(listens).FindStringSubmatch(p.Text())
		if match == nil {
			return processes.ErrNotYet
		}
		url = match[1]
		return nil
	}, p))
	return url
}

func (w *world) stop(t *testing.T) {
	if t.Failed() && w.manager != nil {
		t.Logf("end of the operator's log:\n%s", processes.Tail(w.manager.Text()))
	}
	for i := len(w.started) - 1; i >= 0; i-- {
		w.started[i].End()
	}
}

// startOperator runs the operator as its Deployment would: there is no node for its pod.
func (w *world) startOperator(t *testing.T) {
	t.Helper()
	if w.manager != nil {
		w.manager.Kill()
	}
	must(t, w.cluster.LogIn())
	kubeconfig, err := w.cluster.ManagerKubeconfig()
	must(t, err)
	port, err := processes.FreePort()
	must(t, err)
	env := append(processes.BareEnv(w.home), "KUBECONFIG="+kubeconfig, "AWS_ENDPOINT_URL="+w.sim, "AWS_REGION=eu-west-1")
	w.managers++
	w.manager, err = processes.Start(w.home, fmt.Sprintf("manager-%d", w.managers), filepath.Join(w.bin, "manager"), append(env, credentials...),
		"--metrics-bind-address=0", fmt.Sprintf("--health-probe-bind-address=127.0.0.1:%d", port), "--operator-namespace="+processes.SystemNamespace)
	must(t, err)
	w.started = append(w.started, w.manager)
	must(t, processes.Wait(processes.Patience, "starting the operator", func() error {
		response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", port))
		if err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			err = errors.New(response.Status)
		}
		return errors.Join(err, response.Body.Close())
	}, w.manager))
}

// credentials are those of the stand-ins; nothing of the person's own plays a part.
var credentials = []string{
	"AWS_ACCESS_KEY_ID=TESTER", "AWS_SECRET_ACCESS_KEY=secret", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
	"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
}

func script(lines []line) string {
	var text strings.Builder
	for _, l := range lines {
		text.WriteString(l.text + "\n")
	}
	return text.String()
}

// preamble stands on the first line of each script. What a page sets, its later blocks have.
const preamble = `set -euo pipefail; ` +
	`drifted() { local code=0; "$@" || code=$?; [[ $code == 2 ]] || { echo "exit code $code, and 2 was wanted" >&2; return 1; }; }; ` +
	`watched() { : >watched; "$@" >watched & until [[ -s watched ]]; do kill -0 $! || return 1; sleep 0.1; done; kill $!; wait $! || true; cat watched; }; ` +
	`trap 'code=$?; export -p >.variables; exit $code' EXIT; if [[ -s .variables ]]; then . ./.variables; fi; set -a`

// paste runs lines of a page. What bash complains of, it does with the page's own line.
func (w *world) paste(p page, b block, lines []line) error {
	var text strings.Builder
	text.WriteString(preamble)
	at := 1
	for _, l := range lines {
		for ; at < l.number; at++ {
			text.WriteString("\n")
		}
		text.WriteString(p.asked(l.text))
	}
	name := strings.ReplaceAll(p.name, "/", "-")
	if err := os.WriteFile(filepath.Join(w.home, name), []byte(text.String()+"\n"), 0o600); err != nil {
		return err
	}
	if out, err := processes.Run("bash", w.env(p), "", "-c", `cd "$HOME" && exec bash "$0"`, name); err != nil {
		return fmt.Errorf("%s: %w\n%s", b, err, out)
	}
	return nil
}

func (w *world) env(p page) []string {
	aws := w.sim
	if p.moto {
		aws = w.moto
	}
	env := append(processes.BareEnv(w.home), "KUBECONFIG="+w.cluster.Admin, "AWS_ENDPOINT_URL="+aws, "AWS_DEFAULT_REGION=eu-west-1", "IMG=example/fargate-security-operator:test")
	env[0] = "PATH=" + strings.Join([]string{w.assets, filepath.Join(w.venv, "bin"), w.bin, os.Getenv("PATH")}, ":")
	return append(env, credentials...)
}

// prepare runs commands that no page has.
func (w *world) prepare(t *testing.T, p page, commands string) {
	t.Helper()
	if err := w.paste(p, block{page: "preparing " + p.name, lines: []line{{2, commands}}}, []line{{2, commands}}); err != nil {
		t.Fatal(err)
	}
}
