// Nearby is a taxi office: drivers move around a city, passengers ask for the nearest one,
// and each driver gets one passenger.
//
//	go run ./examples/nearby
//	go run ./examples/nearby -drivers 100000
//	go run ./examples/nearby -drivers 3 -passengers 8   # not enough of them
//
// It shows
//
//   - Geo.Add, also for what moves: a place that is given again is a new place;
//   - Geo.Search for the nearest, in a box and in a polygon;
//   - Geo.Search in Store.Update: to find the nearest driver and to take it is one step, so
//     that passengers who ask at the same time get different ones;
//   - Geo.SearchStoreDist, whose result is a sorted set by distance, with ranks;
//   - that places are a sorted set: ZSet.Rem takes one away, ZSet.Card counts them.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/alcovedb/alcove/store"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "nearby:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	drivers, passengers int
	seed                uint64
}

// parse returns what the arguments say.
func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("nearby", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.IntVar(&o.drivers, "drivers", 500, "how many drivers there are")
	flags.IntVar(&o.passengers, "passengers", 8, "how many passengers ask at the same time")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the random places")
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag", flags.Arg(0))
	case o.drivers < 1:
		return o, fmt.Errorf("%d drivers can't drive anybody", o.drivers)
	case o.passengers < 1:
		return o, fmt.Errorf("%d passengers don't ask", o.passengers)
	}
	return o, nil
}

// run is main without the process around it.
func run(args []string, out, usage io.Writer) error {
	o, err := parse(args, usage)
	if err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return err
	}
	s := store.New()
	defer s.Close()
	f := newFleet(s, o.seed)
	if err := f.open(o.drivers); err != nil {
		return err
	}
	for _, part := range []func(io.Writer) error{f.look, f.follow, f.drive} {
		if err := part(out); err != nil {
			return err
		}
	}
	return f.rush(out, o.passengers)
}

// look prints who is near, on the screen and at the airport.
func (f *fleet) look(out io.Writer) error {
	near, err := f.free().Search(store.ByRadius(center, 2, store.Kilometers).Count(3))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "the nearest to the station:")
	for _, d := range near {
		fmt.Fprintf(out, "  %-9s %4.0f m\n", d.Member, d.Dist*1000)
	}
	screen, err := f.free().Search(store.ByBox(center, 4, 3, store.Kilometers))
	if err != nil {
		return err
	}
	waiting, err := f.free().Search(store.ByPolygon(airport...))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "on a screen of 4 by 3 km: %d, at the airport: %d\n\n", len(screen), len(waiting))
	return err
}

// follow prints where a driver is in the queue while it comes to the station.
func (f *fleet) follow(out io.Writer) error {
	const name = "driver:0"
	fmt.Fprintf(out, "%s comes to the station:\n", name)
	for range 4 {
		before, km, err := f.queue(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %5.0f m away, %d closer\n", km*1000, before)
		if err := f.towards(name, station); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out)
	return err
}

// drive prints a ride from its request to its end.
func (f *fleet) drive(out io.Writer) error {
	name, km, err := f.take(station)
	if err != nil {
		return err
	}
	free, err := f.s.ZSet(freeKey).Card()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "a passenger at the station gets %s, %.0f m away; %d are still free\n", name, km*1000, free)
	if err := f.leave(name, airport[0]); err != nil {
		return err
	}
	d, err := f.free().Search(store.ByRadius(store.FromMember(name), 0, store.Meters))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s is free again at %.4f, %.4f\n\n", name, d[0].Lat, d[0].Lon)
	return err
}

// rush has many passengers ask at the same time, all of them at the station.
func (f *fleet) rush(out io.Writer, passengers int) error {
	taken, nobody, err := f.rushHour(passengers)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d passengers at once: %d got a driver, no two the same; %d got none\n", passengers, len(taken), nobody)
	return err
}
