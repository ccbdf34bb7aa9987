"""The fixed allow-list of the scikit-learn flavor: the only types that a model file may name.

A type is a class name within a package (`sklearn.ensemble`), so that scikit-learn may move its private
modules.
Left out on purpose: anything that calls what it is handed (FunctionTransformer, partial), anything that holds
state that can't be checked before use (KDTree, BallTree), and every type from outside scikit-learn and numpy.
"""

from collections.abc import Iterator
from typing import Any

LOADERS = frozenset(
    {
        "BytesNode",
        "DictNode",
        "DTypeNode",
        "DefaultDictNode",
        "JsonNode",
        "ListNode",
        "LossNode",
        "NdArrayNode",
        "ObjectNode",
        "RandomGeneratorNode",
        "RandomStateNode",
        "SetNode",
        "SliceNode",
        "SparseMatrixNode",
        "TreeNode",
        "TupleNode",
        "TypeNode",
    }
)
"""Kinds of nodes in a skops file; those left out (functions, methods, partials) could name code to call."""

_PLAIN = {
    "builtins": "bool bytes dict float int list set slice str tuple type",
    "collections": "OrderedDict defaultdict",
    "numpy": "bool bool_ dtype float32 float64 int8 int16 int32 int64 ndarray str_ uint8 uint32 uint64",
    "numpy.random": "Generator MT19937 PCG64 PCG64DXSM Philox RandomState SFC64",
    "scipy.sparse": "csc_array csc_matrix csr_array csr_matrix",
}

_SKLEARN = {
    "sklearn._loss": (
        "AbsoluteError CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss "
        "CyHalfMultinomialLoss CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss "
        "CyHalfTweedieLossIdentity CyHuberLoss CyPinballLoss ExponentialLoss HalfBinomialLoss HalfGammaLoss "
        "HalfLogitLink HalfMultinomialLoss HalfPoissonLoss HalfSquaredError HalfTweedieLoss "
        "HalfTweedieLossIdentity HuberLoss IdentityLink Interval LogLink LogitLink MultinomialLogit "
        "PinballLoss"
    ),
    "sklearn.calibration": "CalibratedClassifierCV _CalibratedClassifier _SigmoidCalibration",
    "sklearn.compose": "ColumnTransformer TransformedTargetRegressor",
    "sklearn.decomposition": "PCA TruncatedSVD",
    "sklearn.discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "sklearn.dummy": "DummyClassifier DummyRegressor",
    "sklearn.ensemble": (
        "AdaBoostClassifier AdaBoostRegressor BaggingClassifier BaggingRegressor ExtraTreesClassifier "
        "ExtraTreesRegressor GradientBoostingClassifier GradientBoostingRegressor "
        "HistGradientBoostingClassifier HistGradientBoostingRegressor RandomForestClassifier "
        "RandomForestRegressor StackingClassifier StackingRegressor TreePredictor VotingClassifier "
        "VotingRegressor _BinMapper"
    ),
    "sklearn.feature_selection": "SelectKBest SelectPercentile VarianceThreshold",
    "sklearn.impute": "MissingIndicator SimpleImputer",
    "sklearn.isotonic": "IsotonicRegression",
    "sklearn.kernel_approximation": "Nystroem RBFSampler",
    "sklearn.kernel_ridge": "KernelRidge",
    "sklearn.linear_model": (
        "ARDRegression BayesianRidge ElasticNet ElasticNetCV EpsilonInsensitive GammaRegressor Hinge Huber "
        "HuberRegressor Lars LarsCV Lasso LassoCV LassoLars LassoLarsCV LassoLarsIC LinearRegression Log "
        "LogisticRegression LogisticRegressionCV ModifiedHuber OrthogonalMatchingPursuit "
        "PassiveAggressiveClassifier PassiveAggressiveRegressor Perceptron PoissonRegressor "
        "QuantileRegressor Ridge RidgeCV RidgeClassifier RidgeClassifierCV SGDClassifier SGDRegressor "
        "SquaredEpsilonInsensitive SquaredHinge SquaredLoss TheilSenRegressor TweedieRegressor"
    ),
    "sklearn.metrics": "EuclideanDistance64",
    "sklearn.multiclass": "OneVsOneClassifier OneVsRestClassifier",
    "sklearn.naive_bayes": "BernoulliNB ComplementNB GaussianNB MultinomialNB",
    "sklearn.neighbors": "KNeighborsClassifier KNeighborsRegressor NearestCentroid",
    "sklearn.neural_network": "AdamOptimizer MLPClassifier MLPRegressor SGDOptimizer",
    "sklearn.pipeline": "FeatureUnion Pipeline",
    "sklearn.preprocessing": (
        "KBinsDiscretizer LabelBinarizer LabelEncoder MaxAbsScaler MinMaxScaler Normalizer OneHotEncoder "
        "OrdinalEncoder PolynomialFeatures PowerTransformer QuantileTransformer RobustScaler "
        "SplineTransformer StandardScaler"
    ),
    "sklearn.svm": "LinearSVC LinearSVR NuSVC NuSVR SVC SVR",
    "sklearn.tree": (
        "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor Tree"
    ),
    "sklearn.utils": "Bunch",
}

TYPES = {package: frozenset(names.split()) for package, names in (_PLAIN | _SKLEARN).items()}


def allowed(module: str, name: str) -> bool:
    """Whether a type may be constructed: its name is listed under its package, private modules included."""
    if any(not part.isidentifier() for part in module.split(".")):
        return False
    return any(
        name in names
        and (module == package or (module.startswith(package + ".") and _private(module, package)))
        for package, names in TYPES.items()
    )


def _private(module: str, package: str) -> bool:
    """Whether the module is an inner one of the package: `sklearn.ensemble._forest`, not `numpy.f2py`."""
    inner = module[len(package) + 1 :].split(".")
    return inner[0].startswith("_") or inner[0] in {"loss", "link", "mtrand"}


def named_types(node: Any) -> Iterator[tuple[str, str, str]]:
    """Every (module, class, loader) that the parsed schema of a skops file names, at any depth."""
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if "__class__" in item or "__module__" in item or "__loader__" in item:
                yield str(item.get("__module__")), str(item.get("__class__")), str(item.get("__loader__"))
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
