// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/fargate-security/fargate-security-operator/controllers/importer"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/internal/cli"
)

// cliCommand is a command of the kubectl plugin. Flags are its own: those of kubectl have defaults of the machine in their help.
type cliCommand struct{ Name, Use, Short, Long, Flags, Example string }

// cliData is what `kubectl fargatesec --help` says of each command.
func cliData(string) (any, error) {
	var commands []cliCommand
	for _, c := range cli.NewCommand(genericiooptions.NewTestIOStreamsDiscard(), "", nil, importer.Command(kinds.All, "")).Commands() {
		commands = append(commands, commandOf(c))
	}
	return map[string]any{"Commands": commands}, nil
}

func commandOf(c *cobra.Command) cliCommand {
	var example []string
	for line := range strings.Lines(c.Example) {
		example = append(example, strings.TrimPrefix(line, "  "))
	}
	return cliCommand{Name: c.Name(), Use: "kubectl fargatesec " + c.Use, Short: c.Short, Long: c.Long,
		Flags: strings.TrimRight(c.LocalNonPersistentFlags().FlagUsages(), "\n"), Example: strings.Join(example, "")}
}
