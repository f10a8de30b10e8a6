package main

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/redistest"
)

func open(t *testing.T, rdb redis.UniversalClient) *shortener {
	t.Helper()
	s, err := newShortener(context.Background(), rdb)
	require.NoError(t, err)
	return s
}

// login returns a session of a user.
func login(t *testing.T, s *shortener, user string) string {
	t.Helper()
	token, err := s.login(context.Background(), user)
	require.NoError(t, err)
	return token
}

// shorten makes a link of the session.
func shorten(t *testing.T, s *shortener, token, url string) string {
	t.Helper()
	code, err := s.shorten(context.Background(), token, url)
	require.NoError(t, err)
	return code
}

func TestSession(t *testing.T) {
	everywhere(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, s := context.Background(), open(t, rdb)
		ann, again := login(t, s, "ann"), login(t, s, "ann")
		require.NotEqual(t, ann, again)
		for _, token := range []string{ann, again} {
			user, err := s.user(ctx, token)
			require.NoError(t, err)
			require.Equal(t, "ann", user)
		}
		require.NoError(t, s.logout(ctx, ann))
		require.NoError(t, s.logout(ctx, ann))
		_, err := s.user(ctx, ann)
		require.ErrorIs(t, err, errNoSession)
		_, err = s.user(ctx, again)
		require.NoError(t, err)
		_, err = s.shorten(ctx, ann, "https://go.dev")
		require.ErrorIs(t, err, errNoSession)
	})
}

func TestSessionExpires(t *testing.T) {
	inBubbles(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, s := context.Background(), open(t, rdb)
		token := login(t, s, "ann")
		for range 48 { // a day of it
			time.Sleep(sessionTTL - time.Millisecond)
			_, err := s.user(ctx, token)
			require.NoError(t, err)
		}
		time.Sleep(sessionTTL)
		_, err := s.user(ctx, token)
		require.ErrorIs(t, err, errNoSession)
	})
}

func TestLinks(t *testing.T) {
	everywhere(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, s := context.Background(), open(t, rdb)
		ann, ben := login(t, s, "ann"), login(t, s, "ben")
		code := shorten(t, s, ann, "https://go.dev")
		other := shorten(t, s, ann, "https://go.dev")
		require.NotEqual(t, code, other)

		require.ErrorIs(t, s.edit(ctx, ben, code, "https://ben.example"), errNotYours)
		require.ErrorIs(t, s.edit(ctx, "nobody", code, "https://ben.example"), errNoSession)
		require.ErrorIs(t, s.edit(ctx, ann, "nothing", "https://ben.example"), errNoLink)
		require.NoError(t, s.edit(ctx, ann, code, "https://go.dev/blog"))
		for c, want := range map[string]string{code: "https://go.dev/blog", other: "https://go.dev"} {
			url, err := s.follow(ctx, c)
			require.NoError(t, err)
			require.Equal(t, want, url)
		}
		_, err := s.follow(ctx, "nothing")
		require.ErrorIs(t, err, errNoLink)
	})
}

// meanwhile is a hook that does something once, after a command or the pipeline that begins
// with it.
type meanwhile struct {
	after    string
	pipeline bool
	do       func()
}

func (h *meanwhile) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *meanwhile) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		defer h.see(cmd, false)
		return next(ctx, cmd)
	}
}

func (h *meanwhile) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		defer h.see(cmds[0], true)
		return next(ctx, cmds)
	}
}

func (h *meanwhile) see(cmd redis.Cmder, pipeline bool) {
	if do := h.do; do != nil && cmd.FullName() == h.after && pipeline == h.pipeline {
		h.do = nil
		do()
	}
}

// A link that changes between the look at its owner and the write is looked at again.
func TestEditMeanwhile(t *testing.T) {
	inBubbles(t, func(t *testing.T, rdb redis.UniversalClient) {
		h := &meanwhile{after: "hget"}
		onEveryNode(rdb, h)
		ctx, s := context.Background(), open(t, rdb)
		token := login(t, s, "ann")
		code := shorten(t, s, token, "https://go.dev")
		h.do = func() { require.NoError(t, rdb.HSet(ctx, linkKey(code), "owner", "ben").Err()) }
		require.ErrorIs(t, s.edit(ctx, token, code, "https://go.dev/blog"), errNotYours)
		url, err := s.url(ctx, code)
		require.NoError(t, err)
		require.Equal(t, "https://go.dev", url)
	})
}

// onEveryNode adds a hook to a client, or to those of the nodes of a cluster, which has not been used yet.
func onEveryNode(rdb redis.UniversalClient, h redis.Hook) {
	if c, ok := rdb.(*redis.ClusterClient); ok {
		c.OnNewNode(func(node *redis.Client) { node.AddHook(h) })
		return
	}
	rdb.AddHook(h)
}

func TestLimit(t *testing.T) {
	everywhere(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, s := context.Background(), open(t, rdb)
		ann, ben := login(t, s, "ann"), login(t, s, "ben")
		for range limit {
			shorten(t, s, ann, "https://go.dev")
		}
		_, err := s.shorten(ctx, ann, "https://go.dev")
		require.ErrorIs(t, err, errTooMany)
		shorten(t, s, ben, "https://go.dev")
	})
}

// A window begins with its first link, and who goes on trying does not make it longer.
func TestLimitEnds(t *testing.T) {
	inBubbles(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, s := context.Background(), open(t, rdb)
		for range 2 {
			shorten(t, s, login(t, s, "ann"), "https://go.dev")
			time.Sleep(window - time.Millisecond)
			token := login(t, s, "ann")
			for range limit - 1 {
				shorten(t, s, token, "https://go.dev")
			}
			_, err := s.shorten(ctx, token, "https://go.dev")
			require.ErrorIs(t, err, errTooMany)
			time.Sleep(time.Millisecond)
		}
	})
}

func TestLinkExpires(t *testing.T) {
	inBubbles(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, s := context.Background(), open(t, rdb)
		code := shorten(t, s, login(t, s, "ann"), "https://go.dev")
		time.Sleep(linkTTL - time.Millisecond)
		_, err := s.follow(ctx, code)
		require.NoError(t, err)
		time.Sleep(time.Millisecond)
		_, err = s.follow(ctx, code)
		require.ErrorIs(t, err, errNoLink)
	})
}

// What the service keeps, and for how long.
func TestKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, r := context.Background(), redistest.Run(t)
		rdb := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}, Dialer: r.Dialer()})
		defer rdb.Close()
		s := open(t, rdb)
		ann := login(t, s, "ann")
		since := strconv.FormatInt(time.Now().Unix(), 10)
		code := shorten(t, s, ann, "https://go.dev")
		for range 2 {
			_, err := s.follow(ctx, code)
			require.NoError(t, err)
		}
		today := dayOf(time.Now())
		want := redistest.Data{
			"session:" + ann: redistest.Expires(redistest.Hash{"user": "ann", "since": since}, sessionTTL),
			"limit:ann":      redistest.Expires(1, window),
			"last":           redistest.Expires(1, store.NoTTL),
			"link:1":         redistest.Expires(redistest.Hash{"url": "https://go.dev", "owner": "ann"}, linkTTL),
			"{visits}:queue": redistest.Stream{{"code": "1", "day": today}, {"code": "1", "day": today}},
		}
		r.Equal(t, want)

		require.Equal(t, 2, counted(t, s.visits, "one"))
		requireTop(t, s.visits, 2, redis.Z{Member: "1", Score: 2})
		want["{visits}:queue"] = redistest.Stream{}
		want["{visits}:day:"+today] = redistest.Expires(redistest.ZSet{"1": 2}, dayTTL)
		want["{visits}:top:2"] = redistest.Expires(redistest.ZSet{"1": 2}, time.Minute)
		r.Equal(t, want)

		time.Sleep(linkTTL)
		r.Equal(t, redistest.Data{"last": 1, "{visits}:queue": redistest.Stream{}})
	})
}
