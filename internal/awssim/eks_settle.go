// SPDX-License-Identifier: Apache-2.0

package awssim

import "time"

// settle moves everything that is under way to where it is at that time. AWS
// works in the background; the simulator catches up when it is asked. The
// statuses on the way: EKS API reference, data types Cluster, FargateProfile,
// Nodegroup and Update, and UpdateClusterConfig for UPDATING.
func (st *eksState) settle(now time.Time) {
	for name, cluster := range st.clusters {
		cluster.settle(now)
		if cluster.Status == "DELETING" && !now.Before(cluster.doneAt) {
			delete(st.clusters, name)
		}
	}
}

func (cluster *eksClusterState) settle(now time.Time) {
	if cluster.Status == "CREATING" && !now.Before(cluster.doneAt) {
		cluster.Status = "ACTIVE"
	}
	for name, p := range cluster.profiles {
		if p.Status = settled(p.Status, p.next, now, p.doneAt); p.Status == "" {
			delete(cluster.profiles, name)
		}
	}
	for name, n := range cluster.nodegroups {
		if n.Status = settled(n.Status, n.next, now, n.doneAt); n.Status == "" {
			delete(cluster.nodegroups, name)
		}
	}
	for _, u := range cluster.updates {
		if u.Status == "InProgress" && !now.Before(u.doneAt) {
			u.Status = "Successful"
			u.apply(&cluster.eksCluster)
			cluster.Status = "ACTIVE"
		}
	}
}

// settled is the status of what is being created or deleted: the next one once it is done, "" for gone.
func settled(status, next string, now, doneAt time.Time) string {
	if (status == "CREATING" || status == "DELETING") && !now.Before(doneAt) {
		return next
	}
	return status
}

// busyProfile returns a profile of the cluster that is being created or
// deleted, nil if there is none.
func (cluster *eksClusterState) busyProfile() *eksProfileState {
	for _, p := range cluster.profiles {
		if p.Status == "CREATING" || p.Status == "DELETING" {
			return p
		}
	}
	return nil
}

// runningUpdate returns the cluster's update that is in progress, or nil.
func (cluster *eksClusterState) runningUpdate() *eksUpdateState {
	for _, u := range cluster.updates {
		if u.Status == "InProgress" {
			return u
		}
	}
	return nil
}
