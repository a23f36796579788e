// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/test/processes"
)

// The operator's credentials, and whose the simulator takes them for.
const (
	operatorKey    = "AKIABENCHOPERATOR7QZ"
	operatorCaller = "arn:aws:iam::" + awssim.DefaultAccount + ":user/operator"
)

// isOperator tells who a call came from.
func isOperator(caller string) bool {
	return caller == operatorCaller || strings.Contains(caller, ":assumed-role/"+operatorRole+"/")
}

// operator is the operator's binary at work.
type operator struct {
	*processes.Process
	f              *fleet
	metrics, pprof string // URLs
}

// noMemoryLimit is GOMEMLIMIT for an operator that only prepares what is measured.
const noMemoryLimit = "off"

// startOperator runs bin/manager as it is deployed.
func (f *fleet) startOperator(ctx context.Context, args ...string) (*operator, error) {
	return f.startOperatorWith(ctx, f.memoryLimit, args...)
}

// startOperatorWith runs bin/manager with the rights of config/rbac and that GOMEMLIMIT. It runs without leader election: one
// lease and its renewals are the same for any number of profiles.
func (f *fleet) startOperatorWith(ctx context.Context, memoryLimit string, args ...string) (*operator, error) {
	kubeconfig, err := f.cluster.ManagerKubeconfig()
	if err != nil {
		return nil, err
	}
	port, err := processes.FreePort()
	if err != nil {
		return nil, err
	}
	o := &operator{f: f, metrics: fmt.Sprintf("http://127.0.0.1:%d/metrics", port)}
	args = append([]string{
		"--operator-namespace=" + processes.SystemNamespace, "--health-probe-bind-address=0",
		fmt.Sprintf("--metrics-bind-address=127.0.0.1:%d", port), "--metrics-secure=false",
	}, args...)
	if os.Getenv("BENCH_PPROF") != "" {
		if port, err = processes.FreePort(); err != nil {
			return nil, err
		}
		o.pprof = fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/", port)
		args = append(args, fmt.Sprintf("--pprof-bind-address=127.0.0.1:%d", port))
	}
	env := append(processes.BareEnv(f.dir), "KUBECONFIG="+kubeconfig,
		"AWS_ACCESS_KEY_ID="+operatorKey, "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION="+awssim.DefaultRegion,
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "GOMEMLIMIT="+memoryLimit)
	f.operators++
	if o.Process, err = processes.Start(f.dir, fmt.Sprintf("manager-%d", f.operators), filepath.Join(f.bin, "manager"), env, args...); err != nil {
		return nil, err
	}
	err = f.wait(ctx, processes.Patience, "starting the operator", func() error {
		_, err := o.passes()
		return err
	}, o.Process)
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, processes.Tail(o.Text()))
		o.End()
	}
	return o, err
}

var memoryLimitSetting = regexp.MustCompile(`- name: GOMEMLIMIT\s+value: (\S+)`)

// memoryLimit is what config/manager tells the Go runtime.
func memoryLimit(root string) (string, error) {
	path := filepath.Join(root, "config", "manager", "manager.yaml")
	text, err := os.ReadFile(path) //nolint:gosec // of this repository
	if err != nil {
		return "", err
	}
	found := memoryLimitSetting.FindSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("%s sets no GOMEMLIMIT", path)
	}
	return string(found[1]), nil
}

var passesSample = regexp.MustCompile(`(?m)^fargatesec_passes_total\{kind="FargateSecurityProfile",[^}]*\} ([0-9.e+]+)$`)

// passes is how often it has worked on a profile, whatever came of it.
func (o *operator) passes() (int, error) {
	text, err := get(o.metrics)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, m := range passesSample.FindAllSubmatch(text, -1) {
		n, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return int(sum), nil
}

func get(url string) ([]byte, error) {
	client := &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	response, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}
