package command

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/alcovedb/alcove/pubsub"
	"github.com/alcovedb/alcove/store"
)

// config is the parameters of a server that are not what configParams says.
type config struct {
	setting sync.Mutex // held from the look at a value until the new one works; before lock
	lock    sync.RWMutex
	values  map[string]string
	slower  atomic.Int64 // slowlog-log-slower-than + 1, 0 if it was not set
	latency atomic.Int64 // latency-monitor-threshold
	maxBulk atomic.Int64 // proto-max-bulk-len, 0 if it was not set
}

type configParam struct {
	name        string
	same        string // the name of which this is another
	value       string
	kind        configKind
	least, most int64
	words       string // of an enumeration
}

type configKind uint8

const (
	configText configKind = iota
	configFixed
	configProtected
	configBool
	configEnum
	configInt
	configMemory
	configSpecial
)

// findConfig returns the parameter of a name, under its first name.
func findConfig(name string) *configParam {
	i, found := slices.BinarySearchFunc(configParams, lower(name), func(p configParam, name string) int {
		return strings.Compare(p.name, name)
	})
	switch {
	case !found:
		return nil
	case configParams[i].same != "":
		return findConfig(configParams[i].same)
	}
	return &configParams[i]
}

func (c *config) get(name string) string {
	c.lock.RLock()
	defer c.lock.RUnlock()
	return c.value(findConfig(name))
}

func (c *config) value(p *configParam) string {
	if value, ok := c.values[p.name]; ok {
		return value
	}
	return p.value
}

func (c *config) int(name string) int64 {
	n, _ := strconv.ParseInt(c.get(name), 10, 64)
	return n
}

func runConfigGet(c *call) Reply {
	r, cfg := pairs(), &c.s.srv.config
	seen := map[string]bool{}
	add := func(shown string, p *configParam) {
		if !seen[lower(shown)] {
			seen[lower(shown)] = true
			r.Elems = append(r.Elems, bulk(shown), bulk(cfg.get(p.name)))
		}
	}
	for _, pattern := range c.rest(2) {
		if !strings.ContainsAny(pattern, "[*?") {
			if p := findConfig(pattern); p != nil {
				add(pattern, p)
			}
			continue
		}
		for i := range configParams {
			if name := configParams[i].name; pubsub.Match(lower(pattern), name) {
				add(name, findConfig(name))
			}
		}
	}
	return r
}

func runConfigRewrite(*call) Reply { return failed("ERR The server is running without a config file") }

func runConfigResetStat(c *call) Reply {
	c.s.srv.stats.reset()
	return ok
}

func configFailed(name, why string) *Reply {
	r := failedf("ERR CONFIG SET failed (possibly related to argument '%s') - %s", name, why)
	return &r
}

func runConfigSet(c *call) Reply {
	if len(c.args)%2 != 0 {
		return errSyntax
	}
	var params []*configParam
	var names []string
	for i := 2; i < len(c.args); i += 2 {
		p := findConfig(c.args[i])
		switch {
		case p == nil:
			return failedf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", c.args[i])
		case p.kind == configFixed:
			return *configFailed(c.args[i], "can't set immutable config")
		case p.kind == configProtected:
			return *configFailed(c.args[i], "can't set protected config")
		case slices.ContainsFunc(names, func(name string) bool { return same(name, c.args[i]) }):
			return *configFailed(c.args[i], "duplicate parameter")
		}
		params, names = append(params, p), append(names, c.args[i])
	}
	cfg := &c.s.srv.config
	cfg.setting.Lock()
	defer cfg.setting.Unlock()
	cfg.lock.Lock()
	values := map[string]string{}
	for i, p := range params {
		value, why := p.parse(c.args[3+2*i], cfg.value(p))
		if why != "" {
			cfg.lock.Unlock()
			return *configFailed(c.args[2+2*i], why)
		}
		values[p.name] = strings.Clone(value)
	}
	if cfg.values == nil {
		cfg.values = map[string]string{}
	}
	for name, value := range values {
		cfg.values[name] = value
	}
	cfg.lock.Unlock()
	for _, p := range params {
		c.s.srv.apply(p.name, values[p.name])
	}
	return ok
}

// apply makes a parameter work that means something here.
func (srv *Server) apply(name, value string) {
	n, _ := strconv.ParseInt(value, 10, 64)
	switch name {
	case "requirepass":
		srv.acl.setPassword(value)
	case "slowlog-log-slower-than":
		srv.config.slower.Store(n + 1)
		if n < 0 {
			srv.config.slower.Store(-1)
		}
	case "latency-monitor-threshold":
		srv.config.latency.Store(n)
	case "tracking-table-max-keys":
		srv.tracker.limit.Store(n)
	case "slowlog-max-len":
		srv.slowlog.trim(n)
	case "proto-max-bulk-len":
		srv.config.maxBulk.Store(max(1, n))
	case "client-output-buffer-limit":
		for _, s := range srv.clients() {
			s.limitOutput()
		}
	case "notify-keyspace-events":
		if srv.store != nil {
			events, _ := store.ParseNotify(value)
			_ = srv.store.SetNotifications(events)
		}
	}
}
