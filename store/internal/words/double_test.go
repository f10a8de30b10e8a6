package words

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAppendDouble(t *testing.T) {
	// As C's printf has them.
	for f, want := range map[float64]string{
		0.1: "0.10000000000000001", 1.5: "1.5", 1e17: "1e+17", 1e16 + 2: "10000000000000002", 1e-5: "1.0000000000000001e-05",
		0.0001: "0.0001", -1e300: "-1.0000000000000001e+300", 5e-324: "4.9406564584124654e-324", 123456789012.5: "123456789012.5",
		1e22: "1e+22", 100.25: "100.25", 100: "100", 0: "0", math.Inf(1): "inf", math.Inf(-1): "-inf",
	} {
		require.Equal(t, "x"+want, string(AppendDouble([]byte("x"), f)))
	}
	require.Equal(t, "nan", string(AppendDouble(nil, math.NaN())))
	require.Equal(t, "-0", string(AppendDouble(nil, math.Copysign(0, -1))))
}
