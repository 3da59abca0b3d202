package roster

import (
	"testing"

	"github.com/severhq/sever/internal/dev/devtest"
)

func TestMain(m *testing.M) { devtest.Main(m) }
