// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/memory"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// Changed has nothing believed any more that was read before of the AWS objects that a change touched, and the custom
// resources looked at that it concerns. It returns how many there are.
func (o *Operator) Changed(ctx context.Context, reader client.Reader, config awsapi.Config, change events.Change) (int, error) {
	o.prepare()
	accounts, err := accounts.LeadingTo(ctx, reader, config)
	if err != nil {
		return 0, err
	}
	if err := o.index.Prime(ctx, reader, o.kinds()); err != nil {
		return 0, err
	}
	named, all := o.index.Find(accounts, change.Objects)
	if len(named)+len(all) == 0 {
		return 0, nil
	}
	for _, m := range o.memories.Within(config) {
		m.Touch(change.Objects)
		m.Changes.Note(change)
	}
	for key := range named {
		if r := o.of(key.Kind); r != nil {
			r.records.With(key.Request(), func(rec *memory.Record) { rec.Woken = true })
			r.enqueuer.Enqueue(key.Request())
		}
	}
	for key := range all {
		o.enqueueNext(key, true)
	}
	return len(named) + len(all), nil
}

// urgent marks a pass that somebody waits for: a person edited the object, or something changed in AWS.
func (p *pass) urgent(ctx context.Context) context.Context {
	woken := false
	p.records.With(p.req, func(rec *memory.Record) { woken, rec.Woken = rec.Woken, false })
	if woken || !reported(p.object) || !p.object.GetDeletionTimestamp().IsZero() {
		return awsapi.Urgent(ctx)
	}
	return ctx
}

// reported tells that status speaks of what is declared now, and that nobody has asked for a read since.
func reported(obj v1alpha1.Declaration) bool {
	return obj.Found().ObservedGeneration == obj.GetGeneration() && !readRequested(obj)
}

// readRequested tells that somebody has asked for a read that no pass has answered yet.
func readRequested(obj v1alpha1.Declaration) bool {
	return obj.Found().LastHandledReconcileRequest != obj.GetAnnotations()[v1alpha1.ReconcileRequestAnnotation]
}
