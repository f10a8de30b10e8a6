package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alcovedb/alcove/bench/peer"
	"github.com/alcovedb/alcove/bench/redisserver"
	"github.com/alcovedb/alcove/bench/workload"
)

// turn is a cell and the round that it belongs to.
type turn struct {
	cell
	round, rounds int
}

// plan is what is measured, group after group.
type plan struct {
	options
	groups []*workload.Group
	absent string              // why there is no redis-server
	turns  map[string][]turn   // of a group
	notes  map[string][]string // on a group
}

// measure takes the samples of all groups and writes them to files.
func measure(ctx context.Context, o options, log io.Writer) error {
	server, absent := startServer(&o, log)
	if server != nil {
		defer server.Stop()
	}
	about := describe(o, server)
	p := newPlan(o, absent, availableMemory(), log)
	clock := newProgress(log, p)
	for _, g := range p.groups {
		if err := p.measureGroup(ctx, g, about, clock); err != nil {
			return err
		}
	}
	return nil
}

// startServer starts a Redis if a peer wants one; absent says why there is none.
func startServer(o *options, log io.Writer) (server *redisserver.Server, absent string) {
	wanted := func(p *peer.Peer) bool {
		return p.Server && (len(o.peers) == 0 || slices.Contains(o.peers, p.Name))
	}
	if !slices.ContainsFunc(peer.All(), wanted) {
		return nil, ""
	}
	server, err := redisserver.Start(o.socket)
	if err != nil {
		fmt.Fprintf(log, "without Redis: %v\n", err)
		absent, _, _ = strings.Cut(err.Error(), "\n")
		return nil, absent
	}
	o.socket = server.Socket()
	return server, ""
}

// newPlan decides which peer does what with how many keys.
func newPlan(o options, absent string, memory uint64, log io.Writer) *plan {
	p := &plan{options: o, absent: absent, turns: map[string][]turn{}, notes: map[string][]string{}}
	for _, g := range workload.Groups {
		if len(o.only) > 0 && !slices.Contains(o.only, g.Name) {
			continue
		}
		p.groups = append(p.groups, g)
		s := workload.Settings{Cores: o.cores, Time: o.time, Passes: 1, Socket: o.socket, Keys: keysOf(g, o)}
		if n := fitting(g, s.Keys, memory); n < s.Keys {
			note := fmt.Sprintf("%s keys instead of %s, as only %s of memory are free",
				thousands(n), thousands(s.Keys), byteCount(float64(memory)))
			fmt.Fprintf(log, "%s: %s\n", g.Name, note)
			p.notes[g.Name] = append(p.notes[g.Name], note)
			s.Keys = n
		}
		rounds := o.samples
		if g.Once || o.short {
			rounds, s.Passes = 1, o.samples
		}
		p.turns[g.Name] = p.rounds(g, s, rounds)
	}
	return p
}

// rounds returns the turns of all peers in each round, in another order each time.
func (p *plan) rounds(g *workload.Group, s workload.Settings, n int) []turn {
	var takers []*peer.Peer
	for _, one := range peer.All() {
		wanted := len(p.peers) == 0 || one.Kind == peer.Ours || slices.Contains(p.peers, one.Name)
		if wanted && g.Fits(one) && (!one.Server || p.absent == "") {
			takers = append(takers, one)
		}
	}
	var list []turn
	for round := range n {
		for _, i := range rand.Perm(len(takers)) {
			list = append(list, turn{cell{g.Name, takers[i].Name, s}, round + 1, n})
		}
	}
	return list
}

// shortShare is the part of the keys that a short run takes.
const shortShare = 50

// keysOf returns how many keys a group is to take.
func keysOf(g *workload.Group, o options) int {
	switch {
	case o.keys > 0 && g.Keys > 1000:
		return o.keys
	case o.short:
		return max(g.Keys/shortShare, min(g.Keys, 1000))
	}
	return g.Keys
}

// fitting returns how many of the keys fit into memory, a fifth of which stays free; two
// digits of it.
func fitting(g *workload.Group, keys int, memory uint64) int {
	n := keys
	for memory > 0 && n > 1000 && g.Need(n, g.Value) > memory/5*4 {
		n -= n / 10
	}
	if n == keys {
		return n
	}
	unit := 1
	for n/unit >= 100 {
		unit *= 10
	}
	return n / unit * unit
}

// measureGroup takes the samples of one group, and puts them in place of the last ones
// when there are any.
func (p *plan) measureGroup(ctx context.Context, g *workload.Group, about header, clock *progress) error {
	failed := map[string]string{}
	var samples bytes.Buffer
	var stopped error
	for _, t := range p.turns[g.Name] {
		if failed[t.Peer] != "" {
			clock.skip()
			continue
		}
		clock.begin(t)
		start := time.Now()
		lines, err := t.run(ctx, p.timeout)
		samples.Write(lines)
		if errors.Is(err, context.Canceled) {
			stopped = err
			p.notes[g.Name] = append(p.notes[g.Name], fmt.Sprintf("interrupted in round %d of %d", t.round, t.rounds))
			break
		}
		if err != nil {
			failed[t.Peer] = err.Error()
		}
		clock.end(t, time.Since(start), err)
	}
	if samples.Len() == 0 && stopped != nil {
		return stopped
	}
	head := about
	head.Group, head.Notes, head.Failed = g.Name, p.notes[g.Name], failed
	head.Settings = p.turns[g.Name][0].Settings
	head.Rounds = p.turns[g.Name][0].rounds
	if p.absent != "" {
		head.Absent = p.absent
	}
	text := append(head.text(), samples.Bytes()...)
	name := filepath.Join(p.out, g.Name+".txt")
	if _, err := os.Stat(name); err == nil && stopped != nil {
		// Results that are whole are not given for a part.
		name = filepath.Join(p.out, g.Name+".partial.txt")
		clock.say("there are older results of %s, what was done is in %s", g.Name, name)
	}
	return errors.Join(stopped, replaceFile(name, text))
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, text []byte) error {
	if err := os.WriteFile(name+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
