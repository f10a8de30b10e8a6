package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"

	"github.com/alcovedb/alcove/store"
)

// The keys: places of drivers who are free, and of those who have a passenger, and distances
// from the station.
const (
	freeKey  = "drivers:free"
	busyKey  = "drivers:busy"
	queueKey = "drivers:queue"
)

// The city.
var (
	station = store.Point{Lon: 13.369, Lat: 52.525}
	center  = store.FromPoint(station.Lon, station.Lat)
	airport = []store.Point{
		{Lon: 13.31, Lat: 52.55},
		{Lon: 13.33, Lat: 52.55},
		{Lon: 13.33, Lat: 52.57},
		{Lon: 13.28, Lat: 52.57},
		{Lon: 13.28, Lat: 52.56},
	}
)

// reach is how far, in kilometers, a driver may be from a passenger.
const reach = 5

// errNobody says that no driver is near.
var errNobody = errors.New("no driver is near")

// fleet is drivers in a store.
type fleet struct {
	s *store.Store
	r *rand.Rand
}

func newFleet(s *store.Store, seed uint64) *fleet {
	return &fleet{s: s, r: rand.New(rand.NewPCG(seed, seed))}
}

func (f *fleet) free() store.Geo { return f.s.Geo(freeKey) }

// open puts n drivers anywhere within some 14 km.
func (f *fleet) open(n int) error {
	for i := range n {
		at := store.Point{Lon: station.Lon + 0.2*(f.r.Float64()-0.5), Lat: station.Lat + 0.12*(f.r.Float64()-0.5)}
		if _, err := f.free().Add(store.GeoPlace{Member: "driver:" + strconv.Itoa(i), Point: at}); err != nil {
			return err
		}
	}
	return nil
}

// towards moves a free driver half of the way to a point. Who is not free stays away: XX.
func (f *fleet) towards(name string, to store.Point) error {
	at, err := f.free().Pos(name)
	if err != nil {
		return err
	}
	if !at[0].Found {
		return store.ErrNotFound
	}
	from := at[0].Point
	half := store.Point{Lon: (from.Lon + to.Lon) / 2, Lat: (from.Lat + to.Lat) / 2}
	_, err = f.free().AddWith(store.GeoAddOptions{If: store.IfPresent}, store.GeoPlace{Member: name, Point: half})
	return err
}

// queue returns how many drivers are closer to the station than one, and how far that is, in
// kilometers: it stores all distances as a sorted set, whose ranks are the answer.
func (f *fleet) queue(name string) (before int, km float64, err error) {
	if _, err := f.s.Geo(queueKey).SearchStoreDist(freeKey, store.ByRadius(center, 30, store.Kilometers)); err != nil {
		return 0, 0, err
	}
	return f.s.ZSet(queueKey).RankWithScore(name)
}

// take gives a passenger the nearest driver who is free, and says how far that one has to
// come, in kilometers. Between the search and the end of the transaction nobody else can
// have taken the driver: then it would run again.
func (f *fleet) take(p store.Point) (name string, km float64, err error) {
	err = f.s.Update(func(tx *store.Tx) error {
		near, err := tx.Geo(freeKey).Search(store.ByRadius(store.FromPoint(p.Lon, p.Lat), reach, store.Kilometers).Count(1))
		if err != nil {
			return err
		}
		if len(near) == 0 {
			return errNobody
		}
		name, km = near[0].Member, near[0].Dist
		if _, err := tx.ZSet(freeKey).Rem(name); err != nil {
			return err
		}
		_, err = tx.Geo(busyKey).Add(near[0].GeoPlace)
		return err
	})
	return name, km, err
}

// leave ends a ride: the driver is free, at another place.
func (f *fleet) leave(name string, at store.Point) error {
	return f.s.Update(func(tx *store.Tx) error {
		n, err := tx.ZSet(busyKey).Rem(name)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%s has no passenger", name)
		}
		_, err = tx.Geo(freeKey).Add(store.GeoPlace{Member: name, Point: at})
		return err
	})
}

// rushHour has passengers ask at the same time and returns who got whom, and how many got
// nobody.
func (f *fleet) rushHour(passengers int) (taken map[string]int, nobody int, err error) {
	taken = map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range passengers {
		wg.Go(func() {
			name, _, failed := f.take(station)
			mu.Lock()
			defer mu.Unlock()
			other, twice := taken[name]
			switch {
			case failed == errNobody:
				nobody++
			case failed != nil:
				err = failed
			case twice:
				err = fmt.Errorf("%s has passengers %d and %d", name, other, i)
			default:
				taken[name] = i
			}
		})
	}
	wg.Wait()
	return taken, nobody, err
}
