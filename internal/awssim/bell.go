// SPDX-License-Identifier: Apache-2.0

package awssim

// bell wakes all who wait for something to happen. Its owner's lock guards it.
type bell struct{ rung chan struct{} }

// next is closed when the bell rings the next time.
func (b *bell) next() <-chan struct{} {
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

func (b *bell) ring() {
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
}
