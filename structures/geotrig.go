package structures

import "math"

// Sine, cosine and arcsine, rounded correctly in all but about one of 10,000 cases. The
// math package's are off by one bit in one case of ten, and differ between processors;
// a distance that is stored as a score would show it. What Redis's C library (glibc)
// returns is, too, the correctly rounded value nearly always.
//
// They compute with pairs of float64, a number and what is missing from it (T. J. Dekker,
// "A Floating-Point Technique for Extending the Available Precision", 1971), from a table
// of sines and cosines and the first terms of the Taylor series.

// pair is the sum of two numbers, the second at most half a unit in the last place of
// the first.
type pair struct{ hi, lo float64 }

// twoSum returns a+b without an error (D. E. Knuth, TAOCP 2, 4.2.2).
func twoSum(a, b float64) pair {
	s := a + b
	t := s - a
	return pair{s, (a - (s - t)) + (b - t)}
}

// twoProd returns a*b without an error.
func twoProd(a, b float64) pair {
	p := float64(a * b)
	return pair{p, math.FMA(a, b, -p)}
}

// times returns the product of two pairs.
func (a pair) times(b pair) pair {
	p := twoProd(a.hi, b.hi)
	return pair{p.hi, p.lo + (float64(a.hi*b.lo) + float64(a.lo*b.hi))}
}

// plus returns the sum of three pairs, of which the first is the largest by far.
func (a pair) plus(b, c pair) pair {
	s := twoSum(a.hi, b.hi)
	t := twoSum(s.hi, c.hi)
	return twoSum(t.hi, t.lo+(s.lo+(a.lo+(b.lo+c.lo))))
}

func (a pair) negative() pair { return pair{-a.hi, -a.lo} }

// halfPi is π/2 in three parts, of which the first two leave room for a factor of two.
var halfPi = [3]float64{0x1.921fb54442d18p0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110}

// sineSteps are the steps of trigTable in a unit.
const sineSteps = 32

// reduced returns x - k*π/2 for the k that makes it the smallest. The absolute x is at
// most π and a little.
func reduced(x float64) (r pair, k int) {
	n := math.Round(x * (2 / math.Pi))
	r = twoSum(x-n*halfPi[0], -n*halfPi[1]) // the products and the difference are exact
	return twoSum(r.hi, r.lo-float64(n*halfPi[2])), int(n)
}

// sinCosPair returns the sine and the cosine of r, of which the absolute value is at most
// π/4 and a little.
func sinCosPair(r pair) (sin, cos pair) {
	j := math.Round(r.hi * sineSteps)
	t := twoSum(r.hi-j/sineSteps, r.lo)
	q := t.times(t)
	p := q.hi
	// What is behind the first terms is so small that a float64 has enough of it.
	cosRest := p * p * (1.0/24 - p*(1.0/720-p*(1.0/40320-p/3628800)))
	sinRest := t.hi * p * (1.0/6 - p*(1.0/120-p*(1.0/5040-p/362880)))
	less := pair{-q.hi / 2, cosRest - q.lo/2} // cos(t)-1
	small := pair{t.hi, t.lo - sinRest}       // sin(t)
	row := &trigTable[int(math.Abs(j))]
	s, c := row[0], row[1]
	if j < 0 {
		s = s.negative()
	}
	return s.plus(c.times(small), s.times(less)), c.plus(c.times(less), s.times(small).negative())
}

// sine returns the sine of x, of which the absolute value is at most π and a little.
func sine(x float64) float64 { return sinePair(x, 0).hi }

// cosine returns the cosine of x, of which the absolute value is at most π and a little.
func cosine(x float64) float64 { return sinePair(x, 1).hi }

// sinePair returns the sine of x plus so many right angles.
func sinePair(x float64, quarters int) pair {
	r, k := reduced(x)
	sin, cos := sinCosPair(r)
	switch (k + quarters) & 3 {
	case 0:
		return sin
	case 1:
		return cos
	case 2:
		return sin.negative()
	}
	return cos.negative()
}

// arcsine returns the arcsine of x from 0 to 1.
func arcsine(x float64) float64 {
	if x <= 0.5 {
		y := arcsinePair(pair{x, 0})
		return y.hi + y.lo
	}
	// asin(x) = π/2 - 2 asin(sqrt((1-x)/2)), where 1-x is exact.
	q := (1 - x) / 2
	if q <= 0 {
		return halfPi[0]
	}
	root := math.Sqrt(q)
	y := arcsinePair(pair{root, math.FMA(-root, root, q) / (2 * root)})
	z := twoSum(halfPi[0], -2*y.hi)
	return z.hi + (z.lo + (halfPi[1] - 2*y.lo))
}

// arcsinePair returns the arcsine of x from 0 to 1/2: the math package's, and a step of
// Newton's method.
func arcsinePair(x pair) pair {
	y := math.Asin(x.hi)
	sin := sinePair(y, 0)
	return pair{y, ((x.hi - sin.hi) + (x.lo - sin.lo)) / math.Sqrt(1-x.hi*x.hi)}
}

// trigTable has sin(i/32) and cos(i/32), each as a pair. TestTrigTable computes them anew.
var trigTable = [27][2]pair{
	{{0x0p0, 0x0p0}, {0x1p0, 0x0p0}},
	{{0x1.ffeaaaeeee86fp-6, -0x1.cd406fb224ae2p-60}, {0x1.ffc00155527d3p-1, -0x1.3b54492d89b5bp-55}},
	{{0x1.ffaaaeeed4edbp-5, -0x1.2d16d32684b69p-59}, {0x1.ff0015549f4d3p-1, 0x1.328387b99426fp-55}},
	{{0x1.7f701032550e4p-4, 0x1.afc2d1800501ap-60}, {0x1.fdc06bf7e6b9bp-1, 0x1.31902b535f8dbp-55}},
	{{0x1.feaaeee86ee36p-4, -0x1.afcb2bcc6f03bp-59}, {0x1.fc015527d5bd3p-1, 0x1.b68f35094efb8p-55}},
	{{0x1.3eb312c5d66cbp-3, 0x1.47d666b66cb91p-57}, {0x1.f9c340a7cc428p-1, 0x1.c5b6b063b7462p-55}},
	{{0x1.7dc102fbaf2b5p-3, 0x1.5ab50e23c97c3p-59}, {0x1.f706bdf9ece1cp-1, -0x1.698c80c36dcb4p-55}},
	{{0x1.bc6f84edc6199p-3, 0x1.9c1a56a7b0cabp-57}, {0x1.f3cc7c3b3d16ep-1, -0x1.21a3ad28a3494p-57}},
	{{0x1.faaeed4f31577p-3, -0x1.15d88508e32b8p-57}, {0x1.f01549f7deea1p-1, 0x1.d3c1e99e5cafdp-55}},
	{{0x1.1c37d64c6b876p-2, 0x1.46076fe0dcff4p-56}, {0x1.ebe214f76efa8p-1, -0x1.02f9f12ba543ep-55}},
	{{0x1.3ad129769d3d8p-2, 0x1.03d550487839ap-63}, {0x1.e733ea0193d4p-1, -0x1.6428b3546ce13p-55}},
	{{0x1.591bc9fa2f597p-2, 0x1.7c74bac3fe0cbp-57}, {0x1.e20bf49acd6c1p-1, -0x1.660aec7ef636bp-58}},
	{{0x1.7710255764214p-2, -0x1.6ead7314bb6cep-57}, {0x1.dc6b7eb995912p-1, 0x1.4b364776dcd35p-58}},
	{{0x1.94a6be9f546c5p-2, -0x1.69ce13e683f58p-56}, {0x1.d653f073e404p-1, -0x1.76236434bec37p-55}},
	{{0x1.b1d8305321617p-2, -0x1.ae242cb99f519p-56}, {0x1.cfc6cfa52ad9fp-1, 0x1.8b5b5508f2a0dp-55}},
	{{0x1.ce9d2e3d4a51fp-2, -0x1.2fc8a12dae298p-57}, {0x1.c8c5bf8ce1a84p-1, 0x1.ab3d1a1590123p-56}},
	{{0x1.eaee8744b05fp-2, -0x1.789b43c9b027dp-58}, {0x1.c1528065b7d5p-1, -0x1.892111312e828p-55}},
	{{0x1.0362939c69955p-1, -0x1.2d8cd78397b01p-55}, {0x1.b96eeef58840ep-1, 0x1.45a3cc78fadep-58}},
	{{0x1.110d0c4b69c3bp-1, 0x1.d918998809981p-55}, {0x1.b11d04162a4c6p-1, 0x1.1dd561efbc0c2p-56}},
	{{0x1.1e7343236574cp-1, 0x1.22a3fa4f41d5ap-56}, {0x1.a85ed4373e02dp-1, 0x1.9be06385ec792p-57}},
	{{0x1.2b91dea88421ep-1, -0x1.fa371db216abp-55}, {0x1.9f368ed912f85p-1, -0x1.1d200c5791606p-55}},
	{{0x1.386597456282bp-1, -0x1.10fada93b07a8p-56}, {0x1.95a67e00cb1fdp-1, -0x1.0befda21f862dp-55}},
	{{0x1.44eb381cf386bp-1, -0x1.3ed6c1e6a5505p-55}, {0x1.8bb105a5dc9p-1, 0x1.863e03e9474c1p-55}},
	{{0x1.511f9fd7b351cp-1, -0x1.5c0e861c48831p-55}, {0x1.8158a31916d5dp-1, -0x1.de8b90b8228dep-57}},
	{{0x1.5cffc16bf8f0dp-1, 0x1.96cb370eb578ap-55}, {0x1.769fec655211fp-1, -0x1.827d5cf8c68c5p-57}},
	{{0x1.6888a4e134b2fp-1, -0x1.6b7d37644d5e6p-55}, {0x1.6b898fa9efb5dp-1, 0x1.15ac786ccf4b2p-56}},
	{{0x1.73b7680dea578p-1, -0x1.2248306dc12a2p-56}, {0x1.6018526f563dfp-1, 0x1.46ca5e0e432dp-55}},
}
