// SPDX-License-Identifier: Apache-2.0

package patch

import (
	"context"
	"errors"
	"time"
)

// reportTime is what a pass that has used up its time gets for writing status.
const reportTime = 20 * time.Second

// timeToReport returns ctx, or, when its time has run out, one with a little more: that AWS hung for all of a pass has
// to reach status. A ctx that was cancelled stays so, since the operator stops or leads no more.
func timeToReport(ctx context.Context) (context.Context, context.CancelFunc) {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx, func() {}
	}
	return context.WithTimeout(context.WithoutCancel(ctx), reportTime)
}
