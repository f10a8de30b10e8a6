package peer

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

var ctx = context.Background()

// redisServer is what the peers that speak to a redis-server have in common.
type redisServer struct {
	c     *redis.Client
	value int
}

// dial empties the server. Nothing is sent but commands, and none of them twice.
func dial(c Config) redisServer {
	r := redisServer{redis.NewClient(&redis.Options{
		Network: "unix", Addr: c.Socket, DisableIdentity: true, MaxRetries: -1,
		ReadTimeout:              time.Minute, // FLUSHALL takes its time
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}), c.Value}
	must(r.c.FlushAll(ctx).Err())
	return r
}

func (r redisServer) Close() {
	must(r.c.FlushAll(ctx).Err())
	must(r.c.Close())
}

func (r redisServer) Left() int         { return int(must1(r.c.DBSize(ctx).Result())) }
func (r redisServer) Filler() Worker    { return r.session() }
func (r redisServer) session() *session { return &session{redisServer: r, pipe: r.c.Pipeline()} }
func (r redisServer) Memory() int       { return int(r.info("memory", "used_memory")) }
func (r redisServer) CPU() time.Duration {
	return time.Duration((r.info("cpu", "used_cpu_sys") + r.info("cpu", "used_cpu_user")) * float64(time.Second))
}

func (r redisServer) info(section, field string) float64 {
	_, line, _ := strings.Cut(must1(r.c.Info(ctx, section).Result()), "\n"+field+":")
	line, _, _ = strings.Cut(line, "\r")
	return must1(strconv.ParseFloat(line, 64))
}
