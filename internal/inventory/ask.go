// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"

	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// question is about one object of a kind that is swept.
type question struct {
	// object is what it is about, as events name it.
	object events.Object
	// unfit: it has a form that the sweep cannot answer.
	unfit bool
	// calls is how many calls it takes to read the object by itself.
	calls int
	// few: of so many as an account may have of the kind, few may be managed, and a sweep be dearer than to read those.
	few bool
}

// ask answers a question out of a sweep; ok is false where AWS itself is to be asked. pick takes the answer out of what the
// sweep has: others are further names by which events may call the object, has is false where the sweep cannot tell.
func ask[T, A any](ctx context.Context, v *View, s *sweep[T], q question, pick func(all T) (answer A, others []events.Object, has bool)) (none A, ok bool, err error) {
	age, ok := v.ageOr(ctx, q.object)
	if !ok || q.unfit || q.few && !s.use.sweepIsCheaper(q.object.Name, q.calls) {
		return none, false, nil
	}
	all, then, ok, err := s.get(ctx, age.written(), q.calls)
	if err != nil {
		return none, false, err
	}
	answer, others, has := pick(all)
	if !v.serves(then, ok, append([]events.Object{q.object}, others...)...) || !has {
		return none, false, nil
	}
	if s.lags {
		then = asOf{}
	}
	tell(ctx, then)
	return answer, true, nil
}

// askAll answers a question about many objects of a kind out of a sweep that is made anew when any of them was touched; ok is
// false where AWS itself is to be asked. unfit: the question has a form that the sweep cannot answer.
func askAll[T any](ctx context.Context, v *View, s *sweep[T], kind events.Kind, unfit bool) (all T, ok bool, err error) {
	age, ok := v.ageOr(ctx, events.Object{Kind: kind})
	if !ok || unfit {
		return all, false, nil
	}
	all, then, _, err := s.get(ctx, v.untouched(age, kind), always)
	if err != nil {
		return all, false, err
	}
	tell(ctx, then)
	return all, true, nil
}
