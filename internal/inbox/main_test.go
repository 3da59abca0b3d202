package inbox_test

import (
	"testing"

	"github.com/severhq/sever/internal/dev/devtest"
)

func TestMain(m *testing.M) { devtest.Main(m) }
