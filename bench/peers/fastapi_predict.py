"""Peer of `predict` and `explain`: FastAPI + XGBoost, the fastest way to write it, in two variants.

/plain reads the body with orjson; /validated lets pydantic check it. Both: async handler, inplace_predict,
nthread 1, orjson out. MODEL_PATH names the XGBoost JSON model.
"""
import os

import numpy as np
import orjson
import xgboost as xgb
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict

booster = xgb.Booster({"nthread": 1})
booster.load_model(os.environ["MODEL_PATH"])
booster.set_param({"nthread": 1})
app = FastAPI(docs_url=None, redoc_url=None)


class PredictIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    instances: list[list[float | None]]


def reply(values) -> Response:
    body = orjson.dumps({"predictions": values, "model_version": "1"}, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, media_type="application/json")


@app.post("/plain")
async def plain(request: Request):
    rows = orjson.loads(await request.body())["instances"]
    return reply(booster.inplace_predict(np.asarray(rows, dtype=np.float32)))


@app.post("/validated")
async def validated(body: PredictIn):
    return reply(booster.inplace_predict(np.asarray(body.instances, dtype=np.float32)))


@app.post("/explain")
async def explain(request: Request):
    rows = orjson.loads(await request.body())["instances"]
    data = xgb.DMatrix(np.asarray(rows, dtype=np.float32), nthread=1)
    return reply(booster.predict(data, pred_contribs=True, validate_features=False))


@app.get("/healthz")
async def healthz():
    return {"ok": True}
