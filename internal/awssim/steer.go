// SPDX-License-Identifier: Apache-2.0

package awssim

import "fmt"

// SetProfileOutcome decides how the next creation or deletion of a Fargate
// profile of that name ends: CREATE_FAILED or DELETE_FAILED. The cluster is
// that of the simulator's own account and Region.
func (s *Sim) SetProfileOutcome(cluster, profile, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.remember()
	have, err := s.steered(cluster)
	if err != nil {
		return err
	}
	have.outcomes[profile] = status
	return nil
}

// SetProfileHealth gives an existing Fargate profile a status and one health
// issue (no code: none), as when AWS finds something wrong with it.
func (s *Sim) SetProfileHealth(cluster, profile, status, code, message string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.remember()
	have, err := s.steered(cluster)
	if err != nil {
		return err
	}
	p := have.profiles[profile]
	if p == nil {
		return fmt.Errorf("cluster %s has no Fargate profile %s", cluster, profile)
	}
	p.Status = status
	p.Health.Issues = []eksIssue{}
	if code != "" {
		p.Health.Issues = append(p.Health.Issues, eksIssue{Code: code, Message: message, ResourceIDs: []string{p.ARN}})
	}
	return nil
}

// HoldRole puts a role of the simulator's own account into an instance profile of that name.
func (s *Sim) HoldRole(instanceProfile, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.remember()
	s.account(DefaultAccount).iam.addInstanceProfile(instanceProfile, role)
}

// SetClusterStatus puts a cluster in a status, such as FAILED.
func (s *Sim) SetClusterStatus(cluster, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.remember()
	have, err := s.steered(cluster)
	if err != nil {
		return err
	}
	have.Status = status
	return nil
}

// SetDelays changes how long AWS takes from now on.
func (s *Sim) SetDelays(delays Delays) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Delays = delays
}

// steered returns a cluster of the simulator's own account and Region.
func (s *Sim) steered(cluster string) (*eksClusterState, error) {
	st := s.account(s.opts.Account).region(s.opts.Region).eks
	st.settle(s.now())
	have := st.clusters[cluster]
	if have == nil {
		return nil, fmt.Errorf("there is no EKS cluster %s", cluster)
	}
	return have, nil
}
