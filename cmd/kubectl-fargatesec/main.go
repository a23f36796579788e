// SPDX-License-Identifier: Apache-2.0

// Kubectl-fargatesec is a kubectl plugin: with it on the PATH, `kubectl fargatesec` shows what the operator found in AWS.
package main

import (
	"os"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/fargate-security/fargate-security-operator/controllers/importer"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/internal/cli"
)

// version is set when the program is built.
var version = "dev"

func main() {
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	os.Exit(cli.Run(os.Args[1:], version, streams, newPlanner, importer.Command(kinds.All, version)))
}
