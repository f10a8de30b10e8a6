package main

import (
	"fmt"
	"io"
	"time"

	"github.com/alcovedb/alcove/store"
)

const (
	reportKey  = "cache:report:2026"
	reportTTL  = 60 * time.Second
	reportTime = 2 * time.Second
)

// cacheSection asks twice for something that takes long to compute.
func cacheSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A report takes %v to compute and is good for %v.", reportTime, reportTTL)
	for range 2 {
		start := time.Now()
		value, hit, err := cached(s, reportKey, reportTTL, report)
		outcome := map[bool]string{false: "miss:", true: "hit: "}[hit]
		took := time.Since(start).Round(time.Microsecond)
		g.got(`cached(s, "`+reportKey+`", 60*time.Second, report)`, fmt.Sprintf("%s %q in %v", outcome, value, took), err)
	}
	left, err := s.TTL(reportKey)
	g.got(`s.TTL("`+reportKey+`")`, left.Round(time.Second), err)
	return g.err
}

// cached returns the value at key, and whether it was there. Where it was not,
// it computes and stores it.
func cached(s *store.Store, key string, ttl time.Duration, compute func() string) (value string, hit bool, err error) {
	value, err = s.String(key).Get()
	if err != store.ErrNotFound {
		return value, err == nil, err
	}
	value = compute()
	return value, false, s.String(key).SetEX(value, ttl)
}

// report stands for a slow computation.
func report() string {
	time.Sleep(reportTime)
	return "42 pages"
}
