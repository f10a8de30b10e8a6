package conformance

import (
	"bytes"
	"context"
	"crypto/tls"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	redigo "github.com/gomodule/redigo/redis"
	"github.com/mediocregopher/radix/v4"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/redistest"
)

// The first statement of each of these stands in the documentation of package redistest.

func documentedGoRedis(_ context.Context, r *redistest.Redis) (set, closed func(ctx context.Context) error, err error) {
	client := redis.NewClient(&redis.Options{
		Addr: "127.0.0.1:6379", Dialer: r.Dialer(), PoolSize: 100,
	})
	return func(ctx context.Context) error { return client.Set(ctx, "k", "v", 0).Err() },
		func(context.Context) error { return client.Close() }, nil
}

func documentedGoRedisCluster(_ context.Context, r *redistest.Redis) (set, closed func(ctx context.Context) error, err error) {
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: []string{"127.0.0.1:6379"}, Dialer: r.Dialer(), PoolSize: 100,
	})
	return func(ctx context.Context) error { return client.Set(ctx, "k", "v", 0).Err() },
		func(context.Context) error { return client.Close() }, nil
}

func documentedRedigo(_ context.Context, r *redistest.Redis) (set, closed func(ctx context.Context) error, err error) {
	conn, err := redigo.Dial("tcp", "127.0.0.1:6379", redigo.DialContextFunc(r.Dialer()))
	return func(context.Context) error { _, err := conn.Do("SET", "k", "v"); return err },
		func(context.Context) error { return conn.Close() }, err
}

func documentedRueidis(_ context.Context, r *redistest.Redis) (set, closed func(ctx context.Context) error, err error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{"127.0.0.1:6379"},
		DialCtxFn: func(ctx context.Context, addr string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return r.Dialer()(ctx, "tcp", addr)
		},
	})
	return func(ctx context.Context) error {
			return client.Do(ctx, client.B().Set().Key("k").Value("v").Build()).Error()
		},
		func(context.Context) error { client.Close(); return nil }, err
}

func documentedRadix(ctx context.Context, r *redistest.Redis) (set, closed func(ctx context.Context) error, err error) {
	conn, err := radix.Dialer{NetDialer: r.Dialer()}.Dial(ctx, "tcp", "127.0.0.1:6379")
	return func(ctx context.Context) error { return conn.Do(ctx, radix.Cmd(nil, "SET", "k", "v")) },
		func(context.Context) error { return conn.Close() }, err
}

// TestDocumentedClients has the clients of redistest's documentation work, and it show no other
// code.
func TestDocumentedClients(t *testing.T) {
	words := func(text string) string {
		return strings.Join(strings.Fields(strings.ReplaceAll(strings.ReplaceAll(text, "//", ""), "redigo.", "redis.")), " ")
	}
	doc, err := os.ReadFile("../redistest/doc.go")
	require.NoError(t, err)
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "redistest_test.go", nil, 0)
	require.NoError(t, err)
	for name, connect := range map[string]func(context.Context, *redistest.Redis) (set, closed func(context.Context) error, err error){
		"documentedGoRedis": documentedGoRedis, "documentedGoRedisCluster": documentedGoRedisCluster,
		"documentedRedigo": documentedRedigo, "documentedRueidis": documentedRueidis, "documentedRadix": documentedRadix,
	} {
		var shown bytes.Buffer
		require.NoError(t, format.Node(&shown, fset, file.Scope.Lookup(name).Decl.(*ast.FuncDecl).Body.List[0]))
		require.Contains(t, words(string(doc)), words(shown.String()))
		test := func(t *testing.T) {
			var opts []redistest.Option
			if name == "documentedGoRedisCluster" {
				opts = append(opts, redistest.WithClusterRules())
			}
			r := redistest.Run(t, append(opts, redistest.WithLeakCheck())...)
			set, closed, err := connect(t.Context(), r)
			require.NoError(t, err)
			require.NoError(t, set(t.Context()))
			r.Equal(t, redistest.Data{"k": "v"})
			require.Equal(t, []string{"SET k v"}, r.Sent("set"))
			require.NoError(t, closed(t.Context()))
		}
		t.Run(name, test)
		t.Run(name+" in a bubble", func(t *testing.T) { synctest.Test(t, test) })
	}
}

// TestForgottenClients: those that package redistest says end with it are no deadlock in a bubble.
func TestForgottenClients(t *testing.T) {
	for name, connect := range map[string]func(context.Context, *redistest.Redis) (set, closed func(context.Context) error, err error){
		"go-redis": documentedGoRedis, "redigo": documentedRedigo, "rueidis": documentedRueidis,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				set, _, err := connect(t.Context(), redistest.Run(t))
				require.NoError(t, err)
				require.NoError(t, set(t.Context()))
			})
		})
	}
}
