"""Selection on val: macro R@10 over the nine tasks, on the split's own pool."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from uniecs.catalog.copies import side_picture
from uniecs.catalog.pairs import Pair, Side
from uniecs.catalog.presence import TASKS, VIEWS, Presence, task_name
from uniecs.catalog.relations import Relations
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.errors import ImageError

ROWS = 128
"""Rows per forward pass."""


class Validator:
    """Holds the pictures of a split's pairs and scores a model on them.

    Args:
        pairs: Evaluation pairs of the split.
        relations: Between all products.
        folder: The catalog folder.
        processor: Of the model that is scored.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        relations: Relations,
        folder: Path,
        processor: UniECSProcessor,
    ) -> None:
        self._relations = relations
        self._processor = processor
        self._folder = folder
        self._sides = [pair.query for pair in pairs] + [pair.candidate for pair in pairs]
        self._queries = len(pairs)
        self._pixels = [self._picture(side) for side in self._sides]

    def recall(self, model: UniECSModel) -> dict[str, float]:
        """R@10 of each of the nine tasks that the split can judge, and their ``macro`` mean."""
        was_training = model.training
        model.eval()
        views = {view: self._vectors(model, view) for view in VIEWS}
        model.train(was_training)
        scores = {}
        for query, candidate in TASKS:
            recall = self._task(views, query, candidate)
            if recall is not None:
                scores[task_name(query, candidate)] = recall
        scores["macro"] = float(np.mean(list(scores.values()))) if scores else 0.0
        return scores

    def _picture(self, side: Side) -> npt.NDArray[np.uint8] | None:
        if not side.image:
            return None
        try:
            return self._processor.pixels(side_picture(self._folder, side.image, side.copy_seed))
        except ImageError:
            return None

    def _rows(self, view: Presence) -> npt.NDArray[np.int64]:
        return np.array(
            [
                row
                for row, (side, pixels) in enumerate(zip(self._sides, self._pixels, strict=True))
                if view in Presence.of(text=side.text, image=pixels is not None)
            ],
            dtype=np.int64,
        )

    def _vectors(
        self, model: UniECSModel, view: Presence
    ) -> tuple[npt.NDArray[np.int64], torch.Tensor]:
        rows = self._rows(view)
        parts = [
            self._forward(model, view, rows[start : start + ROWS])
            for start in range(0, len(rows), ROWS)
        ]
        return rows, torch.cat(parts) if parts else torch.zeros(0, model.config.dim)

    def _forward(
        self, model: UniECSModel, view: Presence, rows: npt.NDArray[np.int64]
    ) -> torch.Tensor:
        inputs: dict[str, torch.Tensor] = {}
        if Presence.TEXT in view:
            ids, mask = self._processor.tokens([self._sides[row].text for row in rows])
            inputs |= {"input_ids": ids.to(model.device), "attention_mask": mask.to(model.device)}
        if Presence.IMAGE in view:
            stacked = np.stack(
                [pixels for row in rows if (pixels := self._pixels[row]) is not None]
            )
            pixels = torch.from_numpy(stacked).to(model.device)
            inputs["pixel_values"] = self._processor.normalise(pixels)
        with torch.inference_mode():
            vectors: torch.Tensor = model(**inputs).vectors
        return vectors.float().cpu()

    def _task(
        self,
        views: dict[Presence, tuple[npt.NDArray[np.int64], torch.Tensor]],
        query: Presence,
        candidate: Presence,
    ) -> float | None:
        (q_rows, q_vectors), (c_rows, c_vectors) = views[query], views[candidate]
        q, c = q_rows < self._queries, c_rows >= self._queries
        if not q.any() or not c.any():
            return None
        q_ids = [self._sides[row].product_id for row in q_rows[q]]
        c_ids = [self._sides[row].product_id for row in c_rows[c]]
        right = torch.from_numpy(self._relations.positives(q_ids, c_ids, query, candidate))
        left_out = torch.from_numpy(self._relations.masked(q_ids, c_ids, query, candidate))
        scores = q_vectors[torch.from_numpy(q)] @ c_vectors[torch.from_numpy(c)].T
        scores = scores.masked_fill(left_out, -2.0)
        top = scores.topk(min(10, scores.shape[1]), dim=1).indices
        judged = right.any(dim=1)
        hits = right.gather(1, top).any(dim=1)[judged]
        return float(hits.float().mean()) if len(hits) else None
