package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"

	"github.com/alcovedb/alcove/bench/peer"
	"github.com/alcovedb/alcove/bench/workload"
)

// figure is what a sample is of.
type figure struct {
	peer, op, unit string
	cores          int // 0 for any
}

// results are the samples of one group.
type results struct {
	header
	group   *workload.Group
	samples map[figure][]float64
}

// readResults reads a group's file in dir; nil without an error if there is none.
func readResults(dir string, g *workload.Group) (*results, error) {
	name := filepath.Join(dir, g.Name+".txt")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	res := &results{group: g, samples: map[figure][]float64{}}
	if err := res.readHeader(text); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := benchfmt.NewReader(bytes.NewReader(text), name)
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, rec
		case *benchfmt.Result:
			res.add(rec)
		}
	}
	return res, r.Err()
}

func (res *results) readHeader(text []byte) error {
	for line := range bytes.Lines(text) {
		if all, ok := bytes.CutPrefix(line, []byte(headerKey+": ")); ok {
			err := json.Unmarshal(all, &res.header)
			if err == nil && len(res.Settings.Cores) == 0 {
				err = fmt.Errorf("the line %q does not say with how many cores", headerKey)
			}
			return err
		}
	}
	return fmt.Errorf("there is no line %q", headerKey)
}

// add adds the values of a line Group/op=NAME/peer=PEER-CORES.
func (res *results) add(r *benchfmt.Result) {
	var key figure
	key.cores = 1
	_, parts := r.Name.Parts()
	for _, part := range parts {
		switch text := string(part); {
		case len(text) > 4 && text[:4] == "/op=":
			key.op = text[4:]
		case len(text) > 6 && text[:6] == "/peer=":
			key.peer = text[6:]
		case text[0] == '/':
			key.op += text
		case text[0] == '-':
			key.cores, _ = strconv.Atoi(text[1:])
		}
	}
	for _, v := range r.Values {
		key.unit = v.Unit
		value := v.Value
		if v.OrigUnit != "" {
			key.unit, value = v.OrigUnit, v.OrigValue
		}
		whole := key
		whole.cores = 0
		res.samples[key] = append(res.samples[key], value)
		res.samples[whole] = append(res.samples[whole], value)
	}
}

// value is a figure with what makes it credible.
type value struct {
	benchmath.Summary
	n int
	// ratio is to Alcove's, 0 if there is none; doubtful says that they may be the same.
	ratio    float64
	doubtful bool
}

// confidence is benchstat's.
const confidence = 0.95

// value returns the figure of a peer in a column, and whether there is one.
func (res *results) value(name string, c workload.Column) (value, bool) {
	key := figure{name, c.Op, c.Unit, c.Cores}
	some := res.samples[key]
	if len(some) == 0 {
		return value{}, false
	}
	sample := benchmath.NewSample(some, &benchmath.DefaultThresholds)
	v := value{Summary: benchmath.AssumeNothing.Summary(sample, confidence), n: len(some)}
	key.peer = oursName
	if ours := res.samples[key]; len(ours) > 0 {
		base := benchmath.NewSample(ours, &benchmath.DefaultThresholds)
		center := benchmath.AssumeNothing.Summary(base, confidence).Center
		if center != 0 {
			v.ratio = v.Center / center
		}
		cmp := benchmath.AssumeNothing.Compare(base, sample)
		v.doubtful = cmp.P >= cmp.Alpha && len(ours)+len(some) > 2 // one sample each is a figure that hardly varies
	}
	return v, true
}

var oursName = func() string {
	for _, p := range peer.All() {
		if p.Kind == peer.Ours {
			return p.Name
		}
	}
	panic("no peer is ours")
}()

// peers returns those that took part, or should have, in order.
func (res *results) peers() []*peer.Peer {
	var list []*peer.Peer
	for _, p := range peer.All() {
		took := res.Failed[p.Name] != "" || p.Server && res.Absent != "" && res.group.Fits(p)
		for key := range res.samples {
			took = took || key.peer == p.Name
		}
		if took {
			list = append(list, p)
		}
	}
	return list
}

// most returns how many samples there are of a figure at most: some have one, as they
// hardly vary or take long.
func (res *results) most() int {
	n := 0
	for key, some := range res.samples {
		if key.cores != 0 {
			n = max(n, len(some))
		}
	}
	return n
}
