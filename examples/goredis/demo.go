package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	visitors = 4
	counters = 2
)

var pages = []string{"https://go.dev", "https://pkg.go.dev", "https://redis.io", "https://valkey.io", "https://example.com"}

// demo is a day of the service. It prints the same wherever that runs.
type demo struct {
	visits int64
	out    io.Writer

	ann, ben string // their sessions
	codes    []string
}

// morning is the first half of the day: links are made and followed.
func (d *demo) morning(ctx context.Context, rdb redis.UniversalClient) error {
	if err := ready(ctx, rdb); err != nil {
		return err
	}
	s, err := newShortener(ctx, rdb)
	if err != nil {
		return err
	}
	if d.ann, err = s.login(ctx, "ann"); err != nil {
		return err
	}
	if d.ben, err = s.login(ctx, "ben"); err != nil {
		return err
	}
	for i, url := range pages {
		code, err := s.shorten(ctx, d.ann, url)
		if errors.Is(err, errTooMany) {
			fmt.Fprintf(d.out, "ann: %v; so it is ben's\n", err)
			code, err = s.shorten(ctx, d.ben, url)
		}
		if err != nil {
			return fmt.Errorf("link %d: %w", i, err)
		}
		fmt.Fprintf(d.out, "%s leads to %s\n", code, url)
		d.codes = append(d.codes, code)
	}
	return d.follow(ctx, s)
}

// afternoon is the second half, maybe on another server: everything has to be there.
func (d *demo) afternoon(ctx context.Context, rdb redis.UniversalClient) error {
	s, err := newShortener(ctx, rdb)
	if err != nil {
		return err
	}
	err = s.edit(ctx, d.ben, d.codes[0], "https://ben.example")
	if !errors.Is(err, errNotYours) {
		return fmt.Errorf("ben edits ann's link: %w", err)
	}
	fmt.Fprintf(d.out, "\nben edits %s: %v\n", d.codes[0], err)
	if err := s.edit(ctx, d.ann, d.codes[0], "https://go.dev/blog"); err != nil {
		return err
	}
	if err := s.logout(ctx, d.ann); err != nil {
		return err
	}
	_, err = s.shorten(ctx, d.ann, pages[0])
	if !errors.Is(err, errNoSession) {
		return fmt.Errorf("ann makes a link after she has left: %w", err)
	}
	fmt.Fprintf(d.out, "ann, who has left: %v\n", err)
	return d.follow(ctx, s)
}

// follow has visitors follow the links while counters count, then prints the board.
func (d *demo) follow(ctx context.Context, s *shortener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var last, counted atomic.Int64
	var all sync.WaitGroup
	for range visitors {
		all.Go(func() {
			for n := last.Add(1); n <= d.visits && ctx.Err() == nil; n = last.Add(1) {
				// The first link gets half of the visits, the second a quarter, ...
				link := min(bits.TrailingZeros64(uint64(n)), len(d.codes)-1)
				if _, err := s.follow(ctx, d.codes[link]); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range counters {
		all.Go(func() {
			for counted.Load() < d.visits && ctx.Err() == nil {
				n, err := s.visits.count(ctx, "counter "+strconv.Itoa(i), 100*time.Millisecond)
				if err != nil {
					cancel(err)
				}
				counted.Add(int64(n))
			}
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return d.board(ctx, s)
}

// board prints the links that were followed most.
func (d *demo) board(ctx context.Context, s *shortener) error {
	top, err := s.visits.top(ctx, 3, 7)
	if err != nil {
		return err
	}
	fmt.Fprintln(d.out, "\nthe top of the week")
	for i, z := range top {
		url, err := s.url(ctx, z.Member.(string))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(d.out, "%5d. %-30s %5.0f\n", i+1, url, z.Score); err != nil {
			return err
		}
	}
	return nil
}
