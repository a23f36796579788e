// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// completeObjects offers kind/name of what is there, and names alone after a kind. What cannot be read is not offered.
func (o *options) completeObjects(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	c, err := connect(o.flags, o.allNamespaces, o.selector)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	k, isKind := c.find(first(args))
	kinds := c.kinds
	if isKind {
		kinds = []kind{k}
	}
	targets, _ := c.listAll(cmd.Context(), kinds)
	var words []string
	for _, t := range targets {
		word := t.kind.SingularName + "/" + t.Name
		if isKind {
			word = t.Name
		}
		if !slices.Contains(args, word) {
			words = append(words, word)
		}
	}
	if len(args) == 0 {
		for _, k := range c.kinds {
			words = append(words, k.APIResource.Name)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completeFlags offers namespaces, and the contexts, clusters and users of the kubeconfig.
func (o *options) completeFlags(root *cobra.Command) {
	offer := func(flag string, words func(*cobra.Command) []string) {
		_ = root.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			list := slices.DeleteFunc(words(cmd), func(w string) bool { return !strings.HasPrefix(w, begun) })
			slices.Sort(list)
			return list, cobra.ShellCompDirectiveNoFileComp
		}) // fails for a flag that is not there
	}
	offer("namespace", o.namespaces)
	offer("context", func(*cobra.Command) (list []string) {
		config, err := o.flags.ToRawKubeConfigLoader().RawConfig()
		if err != nil {
			return nil
		}
		for name := range config.Contexts {
			list = append(list, name)
		}
		return list
	})
}

func (o *options) namespaces(cmd *cobra.Command) (list []string) {
	config, err := o.flags.ToRESTConfig()
	if err != nil {
		return nil
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil
	}
	found, err := client.CoreV1().Namespaces().List(cmd.Context(), metav1.ListOptions{})
	if err != nil {
		return nil
	}
	for i := range found.Items {
		list = append(list, found.Items[i].Name)
	}
	return list
}
