// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// ByLabel has the cache hold the objects of each kind that the selector selects.
func ByLabel(shard labels.Selector) map[client.Object]cache.ByObject {
	objects := map[client.Object]cache.ByObject{}
	for _, kind := range kinds.All {
		objects[kind.New()] = cache.ByObject{Label: shard}
	}
	return objects
}

// LeaseName is the name of the Lease that the replicas of one shard compete for: each shard has its own.
func LeaseName(shard labels.Selector) string {
	const name = "operator.fargatesecurity.io"
	if shard.Empty() {
		return name
	}
	return canonical.Hash(shard.String())[:12] + "." + name
}

// InstallationID is the UID of the cluster's kube-system namespace: what tells installations apart, and the default of
// OperatorID.
func InstallationID(ctx context.Context, reader client.Reader) (string, error) {
	ns := &corev1.Namespace{}
	if err := reader.Get(ctx, types.NamespacedName{Name: metav1.NamespaceSystem}, ns); err != nil {
		return "", fmt.Errorf("reading the namespace kube-system, whose UID tells installations apart: %w", err)
	}
	return string(ns.UID), nil
}
