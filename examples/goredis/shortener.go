package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	sessionTTL = 30 * time.Minute // after its last use
	linkTTL    = 30 * 24 * time.Hour
	limit      = 3 // links of a user in a window
	window     = time.Hour
)

var (
	errNoSession = errors.New("no such session, or it has expired")
	errNoLink    = errors.New("no such link, or it has expired")
	errTooMany   = fmt.Errorf("no more than %d links in %v", limit, window)
	errNotYours  = errors.New("the link is somebody else's")
)

// The keys. A cluster finds the slot of a key, and so its node, by what is in braces, its hash
// tag, or without one by the whole key. These spread over all nodes; none is needed with another
// in one step. Those of the visits are, see visits.go.
const lastKey = "last" // String: the number of the last link

func sessionKey(token string) string { return "session:" + token } // Hash: user, since
func limitKey(user string) string    { return "limit:" + user }    // String: links in this window
func linkKey(code string) string     { return "link:" + code }     // Hash: url, owner

// A shortener gives long addresses short names and counts who follows them. All that it knows
// is in Redis, or in what speaks like it: there may be many.
type shortener struct {
	rdb    redis.UniversalClient
	visits visits
}

// newShortener returns a shortener that keeps everything behind rdb.
func newShortener(ctx context.Context, rdb redis.UniversalClient) (*shortener, error) {
	s := &shortener{rdb: rdb, visits: visits{rdb: rdb, tag: "{visits}"}}
	return s, s.visits.init(ctx)
}

// login begins a session.
func (s *shortener) login(ctx context.Context, user string) (token string, err error) {
	token = rand.Text()
	key := sessionKey(token)
	_, err = s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, key, "user", user, "since", time.Now().Unix())
		p.Expire(ctx, key, sessionTTL)
		return nil
	})
	return token, err
}

// logout ends a session.
func (s *shortener) logout(ctx context.Context, token string) error {
	return s.rdb.Del(ctx, sessionKey(token)).Err()
}

// user returns whose session it is, and lets it live on.
func (s *shortener) user(ctx context.Context, token string) (string, error) {
	key := sessionKey(token)
	var user *redis.StringCmd
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		user = p.HGet(ctx, key, "user")
		p.Expire(ctx, key, sessionTTL)
		return nil
	})
	if errors.Is(err, redis.Nil) {
		return "", errNoSession
	}
	return user.Val(), err
}

// allow counts a link of the user, of which there are limit in a window. The first begins it.
func (s *shortener) allow(ctx context.Context, user string) error {
	key := limitKey(user)
	var n *redis.IntCmd
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		n = p.Incr(ctx, key)
		p.ExpireNX(ctx, key, window)
		return nil
	})
	if err == nil && n.Val() > limit {
		return errTooMany
	}
	return err
}

// shorten makes a link and returns its code.
func (s *shortener) shorten(ctx context.Context, token, url string) (code string, err error) {
	user, err := s.user(ctx, token)
	if err != nil {
		return "", err
	}
	if err := s.allow(ctx, user); err != nil {
		return "", err
	}
	n, err := s.rdb.Incr(ctx, lastKey).Result()
	if err != nil {
		return "", err
	}
	code = strconv.FormatInt(n, 36)
	_, err = s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, linkKey(code), "url", url, "owner", user)
		p.Expire(ctx, linkKey(code), linkTTL)
		return nil
	})
	return code, err
}

// edit leads a link elsewhere. Only its owner may do that: if the link changes after it was
// looked at, nothing is written, and edit looks again.
func (s *shortener) edit(ctx context.Context, token, code, url string) error {
	user, err := s.user(ctx, token)
	if err != nil {
		return err
	}
	key := linkKey(code)
	for {
		err := s.rdb.Watch(ctx, func(tx *redis.Tx) error {
			owner, err := tx.HGet(ctx, key, "owner").Result()
			switch {
			case errors.Is(err, redis.Nil):
				return errNoLink
			case err != nil:
				return err
			case owner != user:
				return errNotYours
			}
			_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.HSet(ctx, key, "url", url)
				return nil
			})
			return err
		}, key)
		if !errors.Is(err, redis.TxFailedErr) {
			return err
		}
	}
}

// url returns where a link leads.
func (s *shortener) url(ctx context.Context, code string) (string, error) {
	url, err := s.rdb.HGet(ctx, linkKey(code), "url").Result()
	if errors.Is(err, redis.Nil) {
		return "", errNoLink
	}
	return url, err
}

// follow is url for a visitor, whom it puts down to be counted.
func (s *shortener) follow(ctx context.Context, code string) (string, error) {
	url, err := s.url(ctx, code)
	if err != nil {
		return "", err
	}
	return url, s.visits.add(ctx, code)
}
