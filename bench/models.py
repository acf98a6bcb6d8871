"""Makes the bench's model packages and request bodies (run by the bench venv's Python): 100 trees, depth 6, 28 features."""
import json
import sys
from pathlib import Path

import numpy as np
import xgboost as xgb


def main(out: Path):
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    x = rng.normal(size=(5000, 28)).astype(np.float32)
    y = (x[:, :6].sum(axis=1) + rng.normal(size=5000) > 0).astype(int)
    names = [f"f{i}" for i in range(28)]
    data = xgb.DMatrix(x, y, feature_names=names)
    booster = xgb.train({"max_depth": 6, "objective": "binary:logistic", "nthread": 2, "seed": 7}, data, 100)
    booster.save_model(out / "model.json")
    (out / "features.json").write_text(json.dumps({
        "format": 1, "task": "binary", "label": "y", "classes": None,
        "features": [{"name": n, "type": "float"} for n in names]}))
    for rows in (1, 100):
        sample = [[round(float(v), 4) for v in r] for r in x[:rows]]
        (out / f"body_{rows}.json").write_text(json.dumps({"instances": sample}, separators=(",", ":")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
