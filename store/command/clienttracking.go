package command

import "slices"

// CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR (clientCommand in networking.c).

var (
	errTwoRedirects = failed("ERR A client can only redirect to a single other client")
	errNoRedirect   = failed("ERR The client ID you want redirect to does not exist")
	errPrefixes     = failed("ERR PREFIX option requires BCAST mode to be enabled")
	errSwitchBcast  = failed("ERR You can't switch BCAST mode on/off before disabling tracking for this client, " +
		"and then re-enabling it with a different mode.")
	errBcastOpts  = failed("ERR OPTIN and OPTOUT are not compatible with BCAST")
	errBothOpts   = failed("ERR You can't specify both OPTIN mode and OPTOUT mode")
	errSwitchOpts = failed("ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, " +
		"and then re-enabling it with a different mode.")
	errCaching = failed("ERR CLIENT CACHING can be called only when the client is in tracking mode with " +
		"OPTIN or OPTOUT mode enabled")
	errCachingYes = failed("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
	errCachingNo  = failed("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
)

// tracks is what CLIENT shows of the tracking of a session.
type tracks struct {
	on, bcast, optin, optout, caching, noloop, broken bool
	redirect                                          int64 // -1 without tracking
	prefixes                                          []string
}

func (s *Session) tracks() tracks {
	s.srv.tracker.lock.Lock()
	defer s.srv.tracker.lock.Unlock()
	tr := tracks{
		on: s.on, bcast: s.bcast, optin: s.optin, optout: s.optout, caching: s.caching, noloop: s.noloop,
		broken: s.broken, redirect: -1, prefixes: slices.Clone(s.prefixes),
	}
	if s.on {
		if tr.redirect = 0; s.redirect != nil {
			tr.redirect = s.redirect.id
		}
	}
	return tr
}

func runClientTracking(c *call) Reply {
	var want tracking
	var prefixes []string
	for i := 3; i < len(c.args); i++ {
		more := i+1 < len(c.args)
		switch {
		case c.is(i, "redirect") && more:
			if i++; want.redirect != nil {
				return errTwoRedirects
			}
			id, bad := c.int(i)
			if bad != nil {
				return *bad
			}
			if want.redirect = c.s.srv.session(id); want.redirect == nil {
				return errNoRedirect
			}
		case c.is(i, "bcast"):
			want.bcast = true
		case c.is(i, "optin"):
			want.optin = true
		case c.is(i, "optout"):
			want.optout = true
		case c.is(i, "noloop"):
			want.noloop = true
		case c.is(i, "prefix") && more:
			i++
			prefixes = append(prefixes, c.args[i])
		default:
			return errSyntax
		}
	}
	on, r := c.onOff()
	switch {
	case r.Kind == Error:
	case !on:
		c.s.untrack()
	default:
		return c.track(&want, prefixes)
	}
	return r
}

// track begins to track, if the options go together, and with those that hold so far.
func (c *call) track(want *tracking, prefixes []string) Reply {
	now := c.s.tracks()
	switch {
	case !want.bcast && prefixes != nil:
		return errPrefixes
	case now.on && now.bcast != want.bcast:
		return errSwitchBcast
	case want.bcast && (want.optin || want.optout):
		return errBcastOpts
	case want.optin && want.optout:
		return errBothOpts
	case want.optin && now.optout, want.optout && now.optin:
		return errSwitchOpts
	case want.bcast:
		if bad := collision(now.prefixes, prefixes); bad != nil {
			return *bad
		}
		if prefixes == nil {
			prefixes = []string{""}
		}
	}
	c.s.srv.tracker.track(c.s, want, prefixes)
	return ok
}

// collision says whether a key would be told of twice (checkPrefixCollisionsOrReply in
// tracking.c).
func collision(old, list []string) *Reply {
	const text = "ERR Prefix '%s' overlaps with %s prefix '%s'. Prefixes for a single client must not overlap."
	for i, p := range list {
		for _, o := range old {
			if overlap(p, o) {
				r := failedf(text, p, "an existing", o)
				return &r
			}
		}
		for _, o := range list[i+1:] {
			if overlap(p, o) {
				r := failedf(text, p, "another provided", o)
				return &r
			}
		}
	}
	return nil
}

func overlap(a, b string) bool {
	n := min(len(a), len(b))
	return a[:n] == b[:n]
}

// untrack ends the tracking of the session.
func (s *Session) untrack() {
	s.srv.tracker.leave(s)
	s.tracked = false
}

func runClientCaching(c *call) Reply {
	t, s := &c.s.srv.tracker, c.s
	t.lock.Lock()
	defer t.lock.Unlock()
	yes := c.is(2, "yes")
	switch {
	case !s.on:
		return errCaching
	case !yes && !c.is(2, "no"):
		return errSyntax
	case yes && !s.optin:
		return errCachingYes
	case !yes && !s.optout:
		return errCachingNo
	}
	s.caching = true
	return ok
}

// endCaching ends what CLIENT CACHING has said after the next command, or transaction (resetClient in
// networking.c).
func (s *Session) endCaching(args []string) {
	if !s.tracked || s.multi != nil {
		return
	}
	if cmd := Lookup(args); cmd != nil && (cmd.parent == byName["client"] || cmd == byName["client"] && len(args) == 1) {
		return
	}
	s.srv.tracker.lock.Lock()
	defer s.srv.tracker.lock.Unlock()
	s.caching = false
}

func runClientGetRedir(c *call) Reply { return integer(c.s.tracks().redirect) }

func runClientTrackingInfo(c *call) Reply {
	tr := c.s.tracks()
	flags := Reply{Kind: Set}
	for _, f := range []struct {
		on   bool
		name string
	}{
		{tr.on, "on"},
		{!tr.on, "off"},
		{tr.bcast, "bcast"},
		{tr.optin, "optin"},
		{tr.optin && tr.caching, "caching-yes"},
		{tr.optout, "optout"},
		{tr.optout && tr.caching, "caching-no"},
		{tr.noloop, "noloop"},
		{tr.broken, "broken_redirect"},
	} {
		if f.on {
			flags.Elems = append(flags.Elems, bulk(f.name))
		}
	}
	return pairs(bulk("flags"), flags, bulk("redirect"), integer(tr.redirect), bulk("prefixes"), texts(tr.prefixes))
}
