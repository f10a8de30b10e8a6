package command

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"math/bits"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"

	"github.com/alcovedb/alcove/store"
)

// infoSections are the sections of INFO, in their order, and whether they are shown unasked.
var infoSections = []struct {
	name    string
	unasked bool
	write   func(c *call, w *infoWriter)
}{
	{"server", true, infoServer},
	{"clients", true, infoClients},
	{"memory", true, infoMemory},
	{"persistence", true, infoPersistence},
	{"stats", true, infoStats},
	{"replication", true, infoReplication},
	{"cpu", true, infoCPU},
	{"modules", true, func(_ *call, w *infoWriter) { w.title("Modules") }},
	{"commandstats", false, infoCommands},
	{"errorstats", true, infoErrors},
	{"latencystats", false, infoLatency},
	{"cluster", true, func(c *call, w *infoWriter) { w.title("Cluster"); w.line("cluster_enabled", c.clusterEnabled()) }},
	{"keyspace", true, infoKeyspace},
}

type infoWriter struct{ strings.Builder }

func (w *infoWriter) title(name string) {
	if w.Len() > 0 {
		w.WriteString("\r\n")
	}
	w.WriteString("# " + name + "\r\n")
}

func (w *infoWriter) line(name string, value any) { fmt.Fprintf(w, "%s:%v\r\n", name, value) }

// lines writes fields with their values.
func (w *infoWriter) lines(list ...any) {
	for i := 0; i+1 < len(list); i += 2 {
		w.line(list[i].(string), list[i+1])
	}
}

func runInfo(c *call) Reply {
	asked := map[string]bool{}
	for _, name := range c.rest(1) {
		asked[lower(name)] = true
	}
	if len(asked) == 0 {
		asked["default"] = true
	}
	var w infoWriter
	for _, s := range infoSections {
		if asked[s.name] || asked["everything"] || asked["all"] && s.name != "modules" || asked["default"] && s.unasked {
			s.write(c, &w)
		}
	}
	return verbatim(w.String())
}

func infoServer(c *call, w *infoWriter) {
	now := c.clock()
	up := seconds(now.Sub(c.s.srv.since))
	w.title("Server")
	w.lines("redis_version", RedisVersion, "redis_git_sha1", "00000000", "redis_git_dirty", 0, "redis_mode", c.s.srv.mode(),
		"os", runtime.GOOS+" "+runtime.GOARCH, "arch_bits", bits.UintSize, "process_id", os.Getpid(),
		"run_id", c.s.srv.runID(), "tcp_port", 0, "server_time_usec", now.UnixMicro(),
		"uptime_in_seconds", up, "uptime_in_days", up/86400, "hz", c.s.srv.config.get("hz"),
		"configured_hz", c.s.srv.config.get("hz"), "config_file", "", "io_threads_active", 0)
}

// runID returns the name of this server among all that were ever run: 40 hexadecimal digits.
func (srv *Server) runID() string {
	srv.named.Do(func() {
		b := make([]byte, 20)
		_, _ = rand.Read(b) // it never fails
		srv.run = hex.EncodeToString(b)
	})
	return srv.run
}

func infoClients(c *call, w *infoWriter) {
	list, blocked := c.s.srv.clients(), 0
	for _, s := range list {
		if s.blocked() {
			blocked++
		}
	}
	w.title("Clients")
	w.lines("connected_clients", len(list), "cluster_connections", 0, "maxclients", c.s.srv.config.get("maxclients"),
		"client_recent_max_input_buffer", 0, "client_recent_max_output_buffer", 0, "blocked_clients", blocked,
		"tracking_clients", c.s.srv.tracker.clients.Load(), "clients_in_timeout_table", 0)
}

// figures are those of the store, none for Do.
func (c *call) figures() store.Stats {
	if c.s.srv.store == nil || c.tx != nil { // a transaction holds what is counted
		return store.Stats{}
	}
	return c.s.srv.store.Stats()
}

// human is a size with a unit (bytesToHuman in util.c).
func human(n int) string {
	f, units := float64(n), []string{"B", "K", "M", "G", "T"}
	if n < 1024 {
		return itoa(int64(n)) + "B"
	}
	i := 0
	for ; f >= 1024 && i < len(units)-1; i++ {
		f /= 1024
	}
	return fmt.Sprintf("%.2f%s", f, units[i])
}

func infoMemory(c *call, w *infoWriter) {
	st := c.figures()
	most := int(c.s.srv.config.int("maxmemory"))
	cached, all := c.s.srv.scripts.count(), c.s.srv.scripts.all()
	w.title("Memory")
	w.lines("used_memory", st.Used, "used_memory_human", human(st.Used), "used_memory_dataset", st.Memory,
		"maxmemory", most, "maxmemory_human", human(most), "maxmemory_policy", c.s.srv.config.get("maxmemory-policy"),
		"number_of_cached_scripts", cached, "number_of_functions", len(all.functions), "number_of_libraries", len(all.byName),
		"mem_allocator", "go", "lazyfree_pending_objects", 0)
}

func infoPersistence(_ *call, w *infoWriter) {
	w.title("Persistence")
	w.lines("loading", 0, "async_loading", 0, "rdb_changes_since_last_save", 0, "rdb_bgsave_in_progress", 0,
		"rdb_last_bgsave_status", "ok", "aof_enabled", 0, "aof_rewrite_in_progress", 0)
}

func infoStats(c *call, w *infoWriter) {
	st, s := c.figures(), &c.s.srv.stats
	channels, patterns, shards := 0, 0, 0
	if srv := c.s.srv; srv.store != nil && c.tx == nil {
		list, _ := srv.store.PubSubChannels()
		channels = len(list)
		patterns, _ = srv.store.PubSubNumPat()
		list, _ = srv.store.PubSubShardChannels()
		shards = len(list)
	}
	keys, items, prefixes := c.s.srv.tracker.sizes()
	w.title("Stats")
	w.lines("total_connections_received", c.s.srv.lastID.Load(), "total_commands_processed", s.commands(),
		"rejected_connections", 0, "expired_keys", st.Expired, "evicted_keys", 0,
		"pubsub_channels", channels, "pubsub_patterns", patterns, "pubsubshard_channels", shards,
		"tracking_total_keys", keys, "tracking_total_items", items, "tracking_total_prefixes", prefixes,
		"total_error_replies", s.errors())
}

func infoReplication(_ *call, w *infoWriter) {
	w.title("Replication")
	w.lines("role", "master", "connected_slaves", 0, "master_failover_state", "no-failover",
		"master_replid", strings.Repeat("0", 40), "master_replid2", strings.Repeat("0", 40),
		"master_repl_offset", 0, "second_repl_offset", -1, "repl_backlog_active", 0)
}

// infoCPU tells of the whole process, as of the last collection of garbage, which is what the
// runtime counts as the system's part.
func infoCPU(_ *call, w *infoWriter) {
	times := []metrics.Sample{{Name: "/cpu/classes/user:cpu-seconds"}, {Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(times)
	w.title("CPU")
	w.line("used_cpu_sys", fmt.Sprintf("%.6f", times[1].Value.Float64()))
	w.line("used_cpu_user", fmt.Sprintf("%.6f", times[0].Value.Float64()))
}

func infoLatency(c *call, w *infoWriter) {
	w.title("Latencystats")
	s, shares := &c.s.srv.stats, strings.Fields(c.s.srv.config.get("latency-tracking-info-percentiles"))
	if c.s.srv.config.get("latency-tracking") != "yes" || len(shares) == 0 {
		return
	}
	for cmd := range everyCommand() {
		st := s.of(cmd)
		if st.calls == 0 {
			continue
		}
		list := make([]string, len(shares))
		for i, share := range shares {
			f, _ := parseFloat(share)
			list[i] = fmt.Sprintf("p%s=%.3f", share, float64(st.percentile(f))/1000)
		}
		w.line("latency_percentiles_usec_"+cmd.FullName(), strings.Join(list, ","))
	}
}

func infoCommands(c *call, w *infoWriter) {
	w.title("Commandstats")
	s := &c.s.srv.stats
	for cmd := range everyCommand() {
		st := s.of(cmd)
		if st == (commandStats{}) {
			continue
		}
		usec, each := st.took.Microseconds(), 0.0
		if st.calls > 0 {
			each = float64(usec) / float64(st.calls)
		}
		w.line("cmdstat_"+cmd.FullName(), fmt.Sprintf("calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
			st.calls, usec, each, st.rejected, st.failed))
	}
}

func infoErrors(c *call, w *infoWriter) {
	w.title("Errorstats")
	by := c.s.srv.stats.codes()
	for _, code := range slices.Sorted(maps.Keys(by)) {
		w.line("errorstat_"+code, fmt.Sprintf("count=%d", by[code]))
	}
}

func infoKeyspace(c *call, w *infoWriter) {
	w.title("Keyspace")
	counted := c.s.srv.store != nil && c.tx == nil
	var st store.Stats
	if counted {
		st = c.s.srv.store.Stats()
	}
	for n := range store.Databases {
		if c.tx != nil && n != c.s.n || counted && st.Databases[n].Keys == 0 {
			continue
		}
		db, more := c.database(n)
		if keys, err := db.DBSize(); err == nil && keys > 0 {
			expires := min(st.Databases[n].Volatile, keys) // some may have gone since
			if !counted {
				expires = volatile(db)
			}
			w.line(fmt.Sprintf("db%d", n), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=0", keys, expires))
		}
		if !more {
			return
		}
	}
}

// volatile counts the keys with a deadline, where nobody has counted them.
func volatile(db store.DB) (n int) {
	keys, err := db.All()
	if err != nil {
		return 0
	}
	for key := range keys {
		if at, err := db.ExpireTime(key); err == nil && !at.IsZero() {
			n++
		}
	}
	return n
}
