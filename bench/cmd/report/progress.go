package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress says which turn it is and how much time is left: what is known of a turn is
// how long the same peer took in the last round, or others in the same group, or else a
// guess.
type progress struct {
	w        io.Writer
	terminal bool
	left     []turn
	done     int
	took     map[[2]string]time.Duration // by group and peer
}

func newProgress(w io.Writer, p *plan) *progress {
	c := &progress{w: w, took: map[[2]string]time.Duration{}}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil {
			c.terminal = info.Mode()&os.ModeCharDevice != 0
		}
	}
	for _, g := range p.groups {
		c.left = append(c.left, p.turns[g.Name]...)
	}
	return c
}

func (c *progress) begin(t turn) {
	line := fmt.Sprintf("%d/%d  %s  %s left", c.done+1, c.done+len(c.left), label(t), c.remaining().Round(time.Second))
	if c.terminal {
		fmt.Fprint(c.w, clearLine+line)
		return
	}
	fmt.Fprintln(c.w, line)
}

// clearLine begins the line of a terminal anew.
const clearLine = "\r\x1b[K"

func label(t turn) string {
	return fmt.Sprintf("%s: %s, round %d of %d", t.Group, t.Peer, t.round, t.rounds)
}

func (c *progress) end(t turn, took time.Duration, err error) {
	c.took[[2]string{t.Group, t.Peer}] = took
	c.skip()
	if err != nil {
		c.say("%s: failed: %v", label(t), err)
	} else if c.terminal && len(c.left) == 0 {
		fmt.Fprint(c.w, clearLine)
	}
}

// say writes a line that stays.
func (c *progress) say(format string, args ...any) {
	if c.terminal {
		fmt.Fprint(c.w, clearLine)
	}
	fmt.Fprintf(c.w, format+"\n", args...)
}

func (c *progress) skip() {
	c.done++
	c.left = c.left[1:]
}

func (c *progress) remaining() time.Duration {
	sum, count := map[string]time.Duration{}, map[string]int{}
	for k, d := range c.took {
		sum[k[0]] += d
		count[k[0]]++
	}
	var total time.Duration
	for _, t := range c.left {
		d, known := c.took[[2]string{t.Group, t.Peer}]
		switch {
		case known:
			total += d
		case count[t.Group] > 0:
			total += sum[t.Group] / time.Duration(count[t.Group])
		default:
			total += guess(t)
		}
	}
	return total
}

// guess is what a turn takes on a machine like those of today.
func guess(t turn) time.Duration {
	g := groupNamed(t.Group)
	filled := time.Duration(t.Settings.Keys) * (time.Microsecond + time.Duration(g.Value)*time.Nanosecond)
	timed := time.Duration(len(g.Ops)*len(t.Settings.Cores)*t.Settings.Passes) * (t.Settings.Time*5/4 + time.Duration(t.Settings.Keys)*50*time.Nanosecond)
	if g.Once {
		filled *= 3
	}
	if g.Tables(t.Settings.Cores)[0].Columns[0].Unit != "ns/op" {
		timed = 10 * time.Duration(t.Settings.Passes) * t.Settings.Time
	}
	return 300*time.Millisecond + filled + timed
}
