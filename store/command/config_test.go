package command

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// unsetParams are parameters that a redis-server can't be told what is told here, or that differ on
// purpose: see differences. A name with a star is that of all that begin so.
var unsetParams = []struct{ names, why string }{
	{"bind port", "nothing listens here"},
	{"tls-*", "there is no TLS: values are kept and shown"},
	{"activedefrag", "the redis-server of Debian can't, and says so"},
	{"dir pidfile unixsocket daemonize", "those of the process that runs"},
	{"oom-score-adj*", "a process may not do that to itself everywhere"},
	{"maxclients", "how many files a process may open"},
}

// Each parameter is set to each of some values, as a redis-server is, and shows the same then.
func TestConfigSet(t *testing.T) {
	c := dialRedis(t, startRedis(t, "--enable-debug-command", "yes"))
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	session := srv.NewSession(nil)
	both := func(words ...string) {
		t.Helper()
		want, got := asRESP2(c.do(t, words...)), asRESP2(session.Do(t.Context(), words))
		require.Equal(t, want, got, "%q", words)
	}
	both("CLIENT", "NO-EVICT", "ON") // with maxmemory-clients 1
	skip := func(name string) bool {
		for _, u := range unsetParams {
			for _, pattern := range strings.Fields(u.names) {
				if prefix, many := strings.CutSuffix(pattern, "*"); name == pattern || many && strings.HasPrefix(name, prefix) {
					return true
				}
			}
		}
		return false
	}
	sets := 0
	for i := range configParams {
		p := &configParams[i]
		if skip(p.name) {
			continue
		}
		both("CONFIG", "GET", p.name)
		old := srv.config.get(p.name)
		for _, value := range []string{
			"", "-1", "0", "1", "abc", "99999999999999999999", "18446744073709551516", "9223372036854775808", "1kb", "50%", "101%", "kb",
		} {
			both("CONFIG", "SET", p.name, value)
			both("CONFIG", "GET", p.name)
			sets++
		}
		if f := findConfig(p.name); f.kind != configFixed && f.kind != configProtected {
			both("CONFIG", "SET", p.name, old)
		}
	}
	require.Greater(t, sets, 12*150)
	for _, title := range []string{
		"{title}", "{server-mode}", "{port}", " ", "{{", "{{}", "}", "a{", "a{x}", "a{title}", "{listen-addr}", "{config-file}",
	} {
		both("CONFIG", "SET", "proc-title-template", title)
	}
	for _, name := range []string{"a.b-C", "a b", "a\x00", "\u00e4", strings.Repeat("a", 255), strings.Repeat("a", 256), ""} {
		both("CONFIG", "SET", "cluster-announce-hostname", name)
		both("CONFIG", "GET", "cluster-announce-hostname")
	}
}
