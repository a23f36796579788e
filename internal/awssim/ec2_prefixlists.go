// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/netip"
	"strings"
)

// ec2PrefixList is one prefix list.
type ec2PrefixList struct {
	ID, Name, Family string
	MaxEntries       int
	Entries          []prefixEntryXML
	AWS              bool
	Tags             map[string]string
}

// awsListWeights: VPC user guide "AWS-managed prefix lists", "AWS-managed
// prefix list weight".
var awsListWeights = map[string]int{
	"cloudfront.origin-facing": 55, "dynamodb": 1, "ec2-instance-connect": 2, "groundstation": 5,
	"route53-healthchecks": 25, "s3": 1, "s3express": 6, "vpc-lattice": 10,
}

// weight is as how many rules a reference counts: the size of a customer's
// list, the weight of one of AWS's (VPC user guide "Security group size").
func (l *ec2PrefixList) weight() int {
	if !l.AWS {
		return l.MaxEntries
	}
	parts := strings.SplitN(l.Name, ".", 4) // com.amazonaws.<Region>.<service>
	return max(awsListWeights[strings.TrimPrefix(parts[len(parts)-1], "ipv6.")], 1)
}

type prefixEntryXML struct {
	CIDR        string `xml:"cidr"        q:"Cidr"`
	Description string `xml:"description" q:"Description"`
}

func noPrefixList(id string) error {
	return badEC2("InvalidPrefixListID.NotFound", "The prefix list ID '%s' does not exist", id)
}

// addPrefixList puts one of AWS's own prefix lists in place.
func (st *ec2State) addPrefixList(id, name string, cidrs []string) *ec2PrefixList {
	l := &ec2PrefixList{ID: id, Name: name, Family: "IPv4", MaxEntries: len(cidrs), AWS: true, Tags: map[string]string{}}
	for _, cidr := range cidrs {
		if strings.Contains(cidr, ":") {
			l.Family = "IPv6"
		}
		l.Entries = append(l.Entries, prefixEntryXML{CIDR: cidr})
	}
	st.prefixLists[id] = l
	return l
}

func ec2PrefixListOperations() map[string]operation {
	return map[string]operation{
		"CreateManagedPrefixList":     ec2Op(true, createManagedPrefixList),
		"DescribeManagedPrefixLists":  ec2Op(false, describeManagedPrefixLists),
		"GetManagedPrefixListEntries": ec2Op(false, getManagedPrefixListEntries),
	}
}

type prefixListXML struct {
	ID         string   `xml:"prefixListId"`
	Name       string   `xml:"prefixListName"`
	ARN        string   `xml:"prefixListArn"`
	Family     string   `xml:"addressFamily"`
	MaxEntries int      `xml:"maxEntries,omitempty"`
	OwnerID    string   `xml:"ownerId"`
	State      string   `xml:"state,omitempty"`
	Version    int      `xml:"version,omitempty"`
	Tags       []tagXML `xml:"tagSet>item"`
}

// view: AWS's own lists belong to "AWS" and show neither size, state nor
// version (VPC user guide "AWS-managed prefix lists", CLI examples).
func (l *ec2PrefixList) view(c *call) prefixListXML {
	if l.AWS {
		return prefixListXML{ID: l.ID, Name: l.Name, ARN: ec2ARN(c.Region, "aws", "prefix-list", l.ID), Family: l.Family, OwnerID: "AWS"}
	}
	return prefixListXML{
		ID: l.ID, Name: l.Name, ARN: c.ec2ARN("prefix-list", l.ID), Family: l.Family, MaxEntries: l.MaxEntries,
		OwnerID: c.Account, State: "create-complete", Version: 1, Tags: tagSet(l.Tags),
	}
}

type createPrefixListInput struct {
	ec2DryRun
	Name       string           `q:"PrefixListName,required"`
	Family     string           `q:"AddressFamily,required"`
	MaxEntries *int             `q:"MaxEntries,required"`
	Entries    []prefixEntryXML `q:"Entry"`
	Token      string           `q:"ClientToken"`
	Specs      []tagSpec        `q:"TagSpecification"`
}

// createManagedPrefixList: EC2 API reference, page of that name.
func createManagedPrefixList(_ *Sim, st *ec2State, c *call, in *createPrefixListInput) (any, error) {
	tags, err := tagSpecTags(in.Specs, "prefix-list")
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	l := &ec2PrefixList{ID: ec2ID("pl"), Name: in.Name, Family: in.Family, MaxEntries: *in.MaxEntries, Tags: tags}
	for _, e := range in.Entries {
		p, err := netip.ParsePrefix(e.CIDR)
		if err != nil || p.Addr().Is4() != (in.Family == "IPv4") {
			return nil, badEC2("InvalidParameterValue", "The CIDR '%s' is not a valid %s range", e.CIDR, in.Family)
		}
		l.Entries = append(l.Entries, prefixEntryXML{p.Masked().String(), e.Description})
	}
	st.prefixLists[l.ID] = l
	c.Resource = c.ec2ARN("prefix-list", l.ID)
	return &struct {
		List prefixListXML `xml:"prefixList"`
	}{l.view(c)}, nil
}

func (in *createPrefixListInput) check() error {
	switch {
	case strings.HasPrefix(in.Name, "com.amazonaws"):
		return badEC2("InvalidParameterValue", "The prefix list name must not begin with com.amazonaws")
	case in.Family != "IPv4" && in.Family != "IPv6":
		return badEC2("InvalidParameterValue", "Invalid value '%s' for addressFamily", in.Family)
	case *in.MaxEntries < 1 || *in.MaxEntries > 1000:
		return badEC2("InvalidParameterValue", "Invalid value '%d' for maxEntries", *in.MaxEntries)
	case len(in.Entries) > *in.MaxEntries || len(in.Entries) > 100:
		return badEC2("PrefixListMaxEntriesExceeded", "You've exceeded the maximum number of entries for the prefix list")
	}
	return nil
}

type describePrefixListsInput struct {
	ec2DryRun
	ec2Paging
	IDs     []string    `q:"PrefixListId"`
	Filters []ec2Filter `q:"Filter"`
}

func describeManagedPrefixLists(s *Sim, st *ec2State, c *call, in *describePrefixListsInput) (any, error) {
	found, err := pick(st.prefixLists, in.IDs, noPrefixList)
	if err != nil {
		return nil, err
	}
	var views []prefixListXML
	for _, l := range found {
		views = append(views, l.view(c))
	}
	tags := func(v prefixListXML) map[string]string { return tagMap(v.Tags) }
	views, err = applyFilters(in.Filters, views, tags, func(v prefixListXML, name string) ([]string, bool) {
		switch name {
		case "owner-id":
			return []string{v.OwnerID}, true
		case "prefix-list-id":
			return []string{v.ID}, true
		case "prefix-list-name":
			return []string{v.Name}, true
		}
		return nil, false
	})
	if err != nil {
		return nil, err
	}
	views, next, err := ec2PageOf(s, in.ec2Paging, 1, 100, views, func(v prefixListXML) string { return v.ID })
	if err != nil {
		return nil, err
	}
	return &struct {
		Lists []prefixListXML `xml:"prefixListSet>item"`
		Next  string          `xml:"nextToken,omitempty"`
	}{views, next}, nil
}

type prefixEntriesInput struct {
	ec2DryRun
	ec2Paging
	ID      string `q:"PrefixListId,required"`
	Version *int   `q:"TargetVersion"`
}

func getManagedPrefixListEntries(s *Sim, st *ec2State, c *call, in *prefixEntriesInput) (any, error) {
	l := st.prefixLists[in.ID]
	if l == nil {
		return nil, noPrefixList(in.ID)
	}
	c.Resource = c.ec2ARN("prefix-list", l.ID)
	if in.Version != nil && *in.Version != 1 {
		return nil, badEC2("InvalidParameterValue", "The prefix list %s has no version %d", l.ID, *in.Version)
	}
	entries, next, err := ec2PageOf(s, in.ec2Paging, 1, 100, l.Entries, func(e prefixEntryXML) string { return e.CIDR })
	if err != nil {
		return nil, err
	}
	return &struct {
		Entries []prefixEntryXML `xml:"entrySet>item"`
		Next    string           `xml:"nextToken,omitempty"`
	}{entries, next}, nil
}
