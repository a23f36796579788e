// SPDX-License-Identifier: Apache-2.0

package awssim

import "slices"

// Operations lists what the simulator serves, such as eks:CreateCluster, by
// the service's signing name.
func (s *Sim) Operations() []string {
	var out []string
	for service, operations := range s.services {
		for name := range operations {
			out = append(out, service+":"+name)
		}
	}
	slices.Sort(out)
	return out
}
