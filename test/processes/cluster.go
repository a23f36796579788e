// SPDX-License-Identifier: Apache-2.0

package processes

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// SystemNamespace and ManagerAccount are what config/default makes.
const (
	SystemNamespace = "fargate-security-system"
	ManagerAccount  = "fargate-security-controller-manager"
)

// Parts are where the programs of a cluster are, and the root of the repository with the manifests.
type Parts struct {
	Root, Localcluster, Controlplane string
	// Env is the control plane's environment beyond BareEnv.
	Env []string
}

// Cluster is a real control plane with the operator's manifests installed.
type Cluster struct {
	Dir     string // of kubectl's home and the kubeconfigs
	Process *Process
	Admin   string // kubeconfig
	Config  *rest.Config
	Client  client.WithWatch
	Token   string // the manager's own
	kubectl string
}

// StartCluster starts the control plane and installs the operator's manifests as the README says. The arguments are for
// localcluster: -audit-log FILE, -restart. What was started is returned with an error, too.
func StartCluster(dir string, parts Parts, args ...string) (*Cluster, error) {
	c, err := StartEmpty(dir, parts, args...)
	if err == nil {
		err = c.Install(parts.Root)
	}
	return c, err
}

// StartEmpty starts the control plane with the CRD that EKS clusters have, and without the operator.
func StartEmpty(dir string, parts Parts, args ...string) (*Cluster, error) {
	data := filepath.Join(dir, "cluster")
	c := &Cluster{Dir: dir, Admin: filepath.Join(data, "kubeconfig"), kubectl: filepath.Join(parts.Controlplane, "kubectl")}
	args = append([]string{"--dir", data, "--assets", parts.Controlplane, "--start-timeout", Patience.String()}, args...)
	var err error
	if c.Process, err = Start(dir, "localcluster", parts.Localcluster, append(BareEnv(dir), parts.Env...), args...); err != nil {
		return c, err
	}
	err = Wait(Patience, "starting the control plane", func() error {
		_, err := os.Stat(c.Admin)
		return err
	}, c.Process)
	if err == nil {
		err = c.connect()
	}
	if err == nil {
		_, err = c.Kubectl("", "apply", "-f", filepath.Join(parts.Root, "test", "crds"))
	}
	return c, err
}

func (c *Cluster) connect() error {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return err
	}
	var err error
	if c.Config, err = clientcmd.BuildConfigFromFlags("", c.Admin); err != nil {
		return err
	}
	c.Client, err = client.NewWithWatch(c.Config, client.Options{Scheme: scheme})
	return err
}

// Install applies the operator's manifests, with the permissions that it has in earnest.
func (c *Cluster) Install(root string) error {
	for _, args := range [][]string{
		{"apply", "-k", filepath.Join(root, "config", "crd")},
		{"apply", "-k", filepath.Join(root, "config", "default")},
		{"wait", "--for=condition=Established", "crd", "--all", "--timeout=" + Patience.String()},
	} {
		if _, err := c.Kubectl("", args...); err != nil {
			return err
		}
	}
	return c.LogIn()
}

// LogIn gets a token for the Deployment's service account.
func (c *Cluster) LogIn() error {
	token, err := c.Kubectl("", "create", "token", ManagerAccount, "-n", SystemNamespace, "--duration=1h")
	c.Token = strings.TrimSpace(token)
	return err
}

// Kubectl runs kubectl as the cluster's admin and returns what it printed.
func (c *Cluster) Kubectl(stdin string, args ...string) (string, error) {
	return Run(c.kubectl, append(BareEnv(c.Dir), "KUBECONFIG="+c.Admin), stdin, args...)
}

// ManagerKubeconfig writes a kubeconfig with the token of the Deployment's service account: the operator gets the
// rights of config/rbac and no others.
func (c *Cluster) ManagerKubeconfig() (string, error) {
	path := filepath.Join(c.Dir, "manager.kubeconfig")
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "manager",
		"clusters": []any{map[string]any{"name": "local", "cluster": map[string]any{"server": c.Config.Host, "certificate-authority-data": c.Config.CAData}}},
		"users":    []any{map[string]any{"name": "manager", "user": map[string]any{"token": c.Token}}},
		"contexts": []any{map[string]any{"name": "manager", "context": map[string]any{"cluster": "local", "user": "manager"}}},
	})
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, text, 0o600)
}
