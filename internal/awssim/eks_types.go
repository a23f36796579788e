// SPDX-License-Identifier: Apache-2.0

package awssim

import "time"

// eksState is what EKS keeps for one account in one Region.
type eksState struct {
	clusters map[string]*eksClusterState
}

func newEKSState() *eksState { return &eksState{clusters: map[string]*eksClusterState{}} }

// eksClusterState is a cluster with what hangs on it.
type eksClusterState struct {
	eksCluster
	doneAt     time.Time // when CREATING or DELETING ends
	profiles   map[string]*eksProfileState
	nodegroups map[string]*eksNodegroupState
	updates    []*eksUpdateState // oldest first
	tokens     map[string]eksToken
	outcomes   map[string]string // profile name to the failed status its next operation ends in
}

// eksToken is what a client request token stood for.
type eksToken struct {
	profile string
	body    string
}

// eksProfileState is a Fargate profile and where it is going.
type eksProfileState struct {
	eksProfile
	doneAt time.Time
	next   string // status after doneAt, "" for gone
}

// eksNodegroupState is a managed node group and where it is going.
type eksNodegroupState struct {
	eksNodegroup
	doneAt time.Time
	next   string
}

// eksUpdateState is an update and what it does to the cluster when it is done.
type eksUpdateState struct {
	eksUpdate
	doneAt time.Time
	apply  func(*eksCluster)
}

// The wire types, named as in the EKS API reference; only what is modelled.
type (
	eksCluster struct {
		Name                    string            `json:"name"`
		ARN                     string            `json:"arn"`
		CreatedAt               epoch             `json:"createdAt"`
		Version                 string            `json:"version"`
		PlatformVersion         string            `json:"platformVersion"`
		Endpoint                string            `json:"endpoint,omitempty"`
		RoleARN                 string            `json:"roleArn"`
		Status                  string            `json:"status"`
		ResourcesVPCConfig      eksVPCConfig      `json:"resourcesVpcConfig"`
		KubernetesNetworkConfig eksNetworkConfig  `json:"kubernetesNetworkConfig"`
		Logging                 eksLogging        `json:"logging"`
		Identity                eksIdentity       `json:"identity"`
		CertificateAuthority    eksCA             `json:"certificateAuthority"`
		AccessConfig            eksAccessConfig   `json:"accessConfig"`
		UpgradePolicy           eksUpgradePolicy  `json:"upgradePolicy"`
		EncryptionConfig        []eksEncryption   `json:"encryptionConfig,omitempty"`
		DeletionProtection      bool              `json:"deletionProtection"`
		Health                  eksHealth         `json:"health"`
		Tags                    map[string]string `json:"tags"`
		ClientRequestToken      string            `json:"clientRequestToken,omitempty"`
	}
	eksVPCConfig struct {
		SubnetIDs              []string `json:"subnetIds"`
		SecurityGroupIDs       []string `json:"securityGroupIds"`
		ClusterSecurityGroupID string   `json:"clusterSecurityGroupId"`
		VPCID                  string   `json:"vpcId"`
		EndpointPublicAccess   bool     `json:"endpointPublicAccess"`
		EndpointPrivateAccess  bool     `json:"endpointPrivateAccess"`
		PublicAccessCIDRs      []string `json:"publicAccessCidrs"`
	}
	eksNetworkConfig struct {
		ServiceIPv4CIDR string `json:"serviceIpv4Cidr,omitempty"`
		IPFamily        string `json:"ipFamily,omitempty"`
	}
	eksLogging struct {
		ClusterLogging []eksLogSetup `json:"clusterLogging"`
	}
	eksLogSetup struct {
		Types   []string `json:"types"`
		Enabled bool     `json:"enabled"`
	}
	eksIdentity struct {
		OIDC eksOIDC `json:"oidc"`
	}
	eksOIDC struct {
		Issuer string `json:"issuer"`
	}
	eksCA struct {
		Data string `json:"data"`
	}
	eksAccessConfig struct {
		AuthenticationMode                      string `json:"authenticationMode,omitempty"`
		BootstrapClusterCreatorAdminPermissions *bool  `json:"bootstrapClusterCreatorAdminPermissions,omitempty"`
	}
	eksUpgradePolicy struct {
		SupportType string `json:"supportType,omitempty"`
	}
	eksEncryption struct {
		Resources []string    `json:"resources"`
		Provider  eksProvider `json:"provider"`
	}
	eksProvider struct {
		KeyARN string `json:"keyArn"`
	}
	eksHealth struct {
		Issues []eksIssue `json:"issues"`
	}
	eksIssue struct {
		Code        string   `json:"code"`
		Message     string   `json:"message"`
		ResourceIDs []string `json:"resourceIds"`
	}
	eksProfile struct {
		Name        string            `json:"fargateProfileName"`
		ARN         string            `json:"fargateProfileArn"`
		ClusterName string            `json:"clusterName"`
		CreatedAt   epoch             `json:"createdAt"`
		RoleARN     string            `json:"podExecutionRoleArn"`
		Subnets     []string          `json:"subnets"`
		Selectors   []eksSelector     `json:"selectors"`
		Status      string            `json:"status"`
		Tags        map[string]string `json:"tags"`
		Health      eksHealth         `json:"health"`
	}
	eksSelector struct {
		Namespace string            `json:"namespace,omitempty"`
		Labels    map[string]string `json:"labels,omitempty"`
	}
	eksNodegroup struct {
		Name          string            `json:"nodegroupName"`
		ARN           string            `json:"nodegroupArn"`
		ClusterName   string            `json:"clusterName"`
		Version       string            `json:"version,omitempty"`
		CreatedAt     epoch             `json:"createdAt"`
		Status        string            `json:"status"`
		CapacityType  string            `json:"capacityType,omitempty"`
		ScalingConfig *eksScaling       `json:"scalingConfig,omitempty"`
		InstanceTypes []string          `json:"instanceTypes,omitempty"`
		Subnets       []string          `json:"subnets"`
		NodeRole      string            `json:"nodeRole"`
		Labels        map[string]string `json:"labels,omitempty"`
		Tags          map[string]string `json:"tags"`
		Health        eksHealth         `json:"health"`
	}
	eksScaling struct {
		MinSize     int `json:"minSize"`
		MaxSize     int `json:"maxSize"`
		DesiredSize int `json:"desiredSize"`
	}
	eksUpdate struct {
		ID        string           `json:"id"`
		Status    string           `json:"status"`
		Type      string           `json:"type"`
		Params    []eksParam       `json:"params"`
		CreatedAt epoch            `json:"createdAt"`
		Errors    []eksUpdateError `json:"errors"`
	}
	eksParam struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	eksUpdateError struct {
		Code        string   `json:"errorCode"`
		Message     string   `json:"errorMessage"`
		ResourceIDs []string `json:"resourceIds"`
	}
)
