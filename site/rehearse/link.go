// Package rehearse plays a class: simulated learners who join a workshop by its link
// and do what people do, over HTTP and WebSockets as their browsers would. It knows
// nothing of the site but its addresses.
package rehearse

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// ErrElsewhere is for a link that leads to another machine: real runs are started there.
var ErrElsewhere = errors.New("rehearse: not this machine")

// Link is where people join.
type Link struct {
	Site string // scheme://host:port
	Lang string // ko or en
	Code string // 7Q4-KDM
	Key  string // of the link; with it nobody counts guesses
}

var (
	linkPath  = regexp.MustCompile(`^/(?:(ko|en)/)?join$`)
	linkCodes = regexp.MustCompile(`^(\w{3}-\w{3})(?:-(\w+))?$`)
)

// ParseLink reads a link as `labs serve --workshop` prints it,
// http://192.0.2.7:7022/ko/join#7Q4-KDM-KEY. Its host has to be a loopback address or
// an address of this machine, else the error is ErrElsewhere: a name may lead anywhere.
func ParseLink(text string) (Link, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return Link{}, fmt.Errorf("%q is no link to join: copy the one that labs serve --workshop prints, in quotes", text)
	}
	path, codes := linkPath.FindStringSubmatch(u.Path), linkCodes.FindStringSubmatch(u.Fragment)
	if path == nil || codes == nil {
		return Link{}, fmt.Errorf("%q is no link to join: it ends in /join#CODE; a shell needs it in quotes", text)
	}
	own, err := ownHost(u.Hostname())
	if err != nil {
		return Link{}, err
	}
	if !own {
		return Link{}, fmt.Errorf("%w: %s; a rehearsal starts real runs, and takes a loopback address or one of this machine's", ErrElsewhere, u.Hostname())
	}
	l := Link{Site: u.Scheme + "://" + u.Host, Lang: path[1], Code: codes[1], Key: codes[2]}
	if l.Lang == "" {
		l.Lang = "ko"
	}
	return l, nil
}

// ownHost says whether a link's host can only be this machine.
func ownHost(host string) (bool, error) {
	if strings.EqualFold(host, "localhost") {
		return true, nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false, nil
	}
	if ip = ip.Unmap(); ip.IsLoopback() {
		return true, nil
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return false, fmt.Errorf("this machine's addresses: %w", err)
	}
	return slices.ContainsFunc(all, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr().Unmap().WithZone("") == ip.WithZone("")
	}), nil
}
