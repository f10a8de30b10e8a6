package command

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// acl is the users of a server, and what they were denied.
type acl struct {
	lock     sync.RWMutex
	users    map[string]*user
	entries  []aclEntry // the latest first
	standard *user      // the default user, which is always there
}

const defaultName = "default"

// user is a user of a server. Its rules are replaced as a whole.
type user struct {
	name  string
	rules atomicRules
}

func (a *acl) init() {
	u := &user{name: defaultName}
	u.rules.Store(everything)
	a.standard, a.users = u, map[string]*user{defaultName: u}
}

func (srv *Server) defaultUser() *user { return srv.acl.standard }

// user returns the user of a name, nil if there is none.
func (srv *Server) user(name string) *user {
	srv.acl.lock.RLock()
	defer srv.acl.lock.RUnlock()
	return srv.acl.users[name]
}

// asDefault makes a session one of the default user, if that needs no password.
func (s *Session) asDefault() {
	u := s.srv.defaultUser()
	r := u.rules.Load()
	s.user.Store(u)
	s.authenticated = r.noPass && r.on
}

// needsAuth says whether the client must tell a password first (authRequired in server.c).
func (s *Session) needsAuth() bool {
	if s.authenticated {
		return false
	}
	r := s.srv.defaultUser().rules.Load()
	return !r.noPass || !r.on
}

// setPassword is requirepass: the password of the default user, none if it is empty.
func (a *acl) setPassword(password string) {
	a.lock.Lock()
	defer a.lock.Unlock()
	r := a.standard.rules.Load().clone()
	r.passwords, r.noPass = nil, password == ""
	if password != "" {
		r.passwords = []string{digest(password)}
	}
	a.standard.rules.Store(r)
}

// aclEntry is one of ACL LOG.
type aclEntry struct {
	denied
	count   int64
	context string
	at      time.Time
	info    string
}

// log notes that something was denied. The same again within a minute counts as one.
func (a *acl) log(c *call, d denied) {
	if c.s.fixed != nil {
		return
	}
	e := aclEntry{denied: d, count: 1, context: "toplevel", at: c.clock()}
	if c.s.multi != nil || c.tx != nil {
		e.context = "multi"
	}
	if c.script != nil {
		e.context = "lua"
	}
	e.info = c.s.describe(e.at)
	most := int(min(c.s.srv.config.int("acllog-max-len"), 1<<20))
	a.lock.Lock()
	defer a.lock.Unlock()
	for i, old := range a.entries {
		if old.denied == d && old.context == e.context && e.at.Sub(old.at) < time.Minute {
			e.count += old.count
			a.entries = slices.Delete(a.entries, i, i+1)
			break
		}
	}
	a.entries = slices.Insert(a.entries, 0, e)
	a.entries = a.entries[:min(len(a.entries), most)]
}

func runACLWhoAmI(c *call) Reply { return bulk(c.s.user.Load().name) }

func runACLUsers(c *call) Reply { return texts(c.s.srv.userNames()) }

func (srv *Server) userNames() []string {
	srv.acl.lock.RLock()
	defer srv.acl.lock.RUnlock()
	return slices.Sorted(maps.Keys(srv.acl.users))
}

func runACLList(c *call) Reply {
	var list []string
	for _, name := range c.s.srv.userNames() {
		if u := c.s.srv.user(name); u != nil {
			list = append(list, "user "+name+" "+u.rules.Load().describe())
		}
	}
	return texts(list)
}

// subSyntax is the reply to a subcommand with a wrong number of words that its arity allows.
func (c *call) subSyntax() Reply {
	return failedf("ERR unknown subcommand or wrong number of arguments for '%s'. Try %s HELP.",
		cut(c.args[1], 128), upper(c.args[0]))
}

func runACLCat(c *call) Reply {
	switch {
	case len(c.args) == 2:
		return texts(categoryNames)
	case len(c.args) > 3:
		return c.subSyntax()
	case !slices.Contains(categoryNames, lower(c.args[2])):
		return failedf("ERR Unknown category '%s'", c.args[2])
	}
	var list []string
	for cmd := range everyCommand() {
		if cmd.in(lower(c.args[2])) {
			list = append(list, cmd.FullName())
		}
	}
	return texts(list)
}

func runACLGenPass(c *call) Reply {
	bits := int64(256)
	switch {
	case len(c.args) > 3:
		return c.subSyntax()
	case len(c.args) == 3:
		n, bad := c.int(2)
		if bad != nil {
			return *bad
		}
		if bits = n; n <= 0 || n > 4096 {
			return failed("ERR ACL GENPASS argument must be the number of bits for the output password, " +
				"a positive number up to 4096")
		}
	}
	digits := (bits + 3) / 4
	b := make([]byte, (digits+1)/2)
	_, _ = rand.Read(b) // it never fails
	return bulk(hex.EncodeToString(b)[:digits])
}

func runACLFile(*call) Reply {
	return failed("ERR This Redis instance is not configured to use an ACL file. You may want to specify users via " +
		"the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) " +
		"in order to store users in the Redis configuration.")
}

func runACLGetUser(c *call) Reply {
	u := c.s.srv.user(c.args[2])
	if u == nil {
		return null
	}
	r := u.rules.Load()
	flags := texts(r.flags())
	flags.Kind = Set
	var selectors []Reply
	for _, s := range r.selectors[1:] {
		selectors = append(selectors, pairs(s.fields()...))
	}
	fields := append([]Reply{bulk("flags"), flags, bulk("passwords"), texts(r.passwords)}, r.selectors[0].fields()...)
	return pairs(append(fields, bulk("selectors"), array(selectors...))...)
}

func (s *selector) fields() []Reply {
	return []Reply{
		bulk("commands"), bulk(s.commandRules()), bulk("keys"), bulk(s.keyRules()), bulk("channels"), bulk(s.channelRules()),
	}
}

func hasSpaces(text string) bool { return strings.ContainsAny(text, " \t\n\v\f\r\x00") }

func runACLSetUser(c *call) Reply {
	name, srv := c.args[2], c.s.srv
	if hasSpaces(name) {
		return failed("ERR Usernames can't contain spaces or null characters")
	}
	words, open := mergeSelectors(c.rest(3))
	if open != "" {
		return failedf("ERR Unmatched parenthesis in acl selector starting at '%s'.", open)
	}
	u, old, bad := srv.setUser(name, words)
	if bad != nil {
		return *bad
	}
	if r := u.rules.Load(); old != nil && r.losesChannels(old) {
		c.killSubscribers(u, r)
	}
	return ok
}

// setUser changes the rules of a user, which may be a new one, by words, and returns the old ones,
// nil if there were none.
func (srv *Server) setUser(name string, words []string) (u *user, old *rules, bad *Reply) {
	allChannels := srv.config.get("acl-pubsub-default") == "allchannels"
	srv.acl.lock.Lock()
	defer srv.acl.lock.Unlock()
	u, r := srv.acl.users[name], newRules(allChannels)
	if u != nil {
		r = u.rules.Load().clone()
	}
	for _, word := range words {
		if why := r.set(word, allChannels); why != "" {
			bad := failedf("ERR Error in ACL SETUSER modifier '%s': %s", word, why)
			return nil, nil, &bad
		}
	}
	if u == nil {
		u = &user{name: strings.Clone(name)}
		srv.acl.users[u.name] = u
	}
	return u, u.rules.Swap(r), nil
}

// killSubscribers closes the clients of a user that have subscribed to what its rules allow no more.
func (c *call) killSubscribers(u *user, r *rules) {
	for _, s := range c.s.srv.clients() {
		if s.user.Load() == u && s.subs.denied(r) {
			s.kill(c.s)
		}
	}
}

// mergeSelectors joins the words of each selector in parentheses; open is where one begins
// that does not end.
func mergeSelectors(words []string) (merged []string, open string) {
	start := -1
	for i, word := range words {
		if strings.HasPrefix(word, "(") && (start < 0 || !strings.HasSuffix(word, ")")) {
			start = i // one that another follows is forgotten, as in Redis
		}
		switch {
		case start < 0:
			merged = append(merged, word)
		case strings.HasSuffix(word, ")"):
			merged = append(merged, strings.Join(words[start:i+1], " "))
			start = -1
		}
	}
	if start >= 0 {
		return nil, words[start]
	}
	return merged, ""
}

func runACLDelUser(c *call) Reply {
	srv, removed := c.s.srv, int64(0)
	for _, name := range c.rest(2) {
		if name == defaultName {
			return failed("ERR The 'default' user cannot be removed")
		}
		srv.acl.lock.Lock()
		u := srv.acl.users[name]
		delete(srv.acl.users, name)
		srv.acl.lock.Unlock()
		if u == nil {
			continue
		}
		removed++
		for _, s := range srv.clients() {
			if s.user.Load() == u {
				s.kill(c.s)
			}
		}
	}
	return integer(removed)
}

func runACLDryRun(c *call) Reply {
	u := c.s.srv.user(c.args[2])
	if u == nil {
		return failedf("ERR User '%s' not found", c.args[2])
	}
	words := c.rest(3)
	cmd := Lookup(words)
	switch {
	case cmd == nil || cmd.Subs != nil && len(words) > 1:
		return failedf("ERR Command '%s' not found", words[0])
	case cmd.Subs != nil && cmd.run == nil || !cmd.takes(len(words)):
		return wrongArity(cmd)
	}
	switch d := u.denies(cmd, words); d.why {
	case allowed:
		return ok
	case deniedCommand:
		return bulk("This user has no permissions to run the '" + cmd.FullName() + "' command")
	case deniedKey:
		return bulk("This user has no permissions to access the '" + d.object + "' key")
	default:
		return bulk("This user has no permissions to access the '" + d.object + "' channel")
	}
}

func runACLLog(c *call) Reply {
	a, count := &c.s.srv.acl, int64(10)
	if len(c.args) > 3 {
		return c.subSyntax()
	}
	if len(c.args) > 2 {
		if c.is(2, "reset") {
			a.lock.Lock()
			defer a.lock.Unlock()
			a.entries = nil
			return ok
		}
		n, bad := c.int(2)
		if bad != nil {
			return *bad
		}
		count = max(n, 0)
	}
	now := c.clock()
	a.lock.RLock()
	defer a.lock.RUnlock()
	r := array()
	for i := range a.entries[:min(count, int64(len(a.entries)))] {
		e := &a.entries[i]
		r.Elems = append(r.Elems, pairs(
			bulk("count"), integer(e.count), bulk("reason"), bulk(e.why.String()), bulk("context"), bulk(e.context),
			bulk("object"), bulk(e.object), bulk("username"), bulk(e.user),
			bulk("age-seconds"), double(float64(now.Sub(e.at).Milliseconds())/1000), bulk("client-info"), bulk(e.info)))
	}
	return r
}

// everyCommand yields all commands, and after each its subcommands.
func everyCommand() iter.Seq[*Command] { return slices.Values(rowsInOrder()) }

// rowsInOrder has them, as sorting takes longer than most of what goes through them.
var rowsInOrder = sync.OnceValue(func() (list []*Command) {
	for _, cmd := range Commands() {
		list = append(list, cmd)
		list = append(list, slices.SortedFunc(slices.Values(cmd.Subs), func(a, b *Command) int {
			return cmp.Compare(a.Name, b.Name)
		})...)
	}
	return list
})
